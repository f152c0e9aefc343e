import Notation

/// The room on a file system that servers write on, and how much of it nobody else may take.
///
/// A server whose WAL finds no room ends with a PANIC. So whatever takes much room keeps a reserve for the
/// servers beside it, when it begins and as long as it runs.
public struct DiskRoom: Sendable {
    /// A directory on the file system.
    public let path: String
    /// Bytes that stay free.
    public let reserve: UInt64

    public init(path: String, reserve: UInt64) {
        self.path = path
        self.reserve = reserve
    }

    /// Throws `.insufficientStorage` unless that many bytes fit in beside the reserve.
    ///
    /// - Parameter purpose: what they are for: `the backup`.
    public func require(_ needed: UInt64, for purpose: String) throws(Problem) {
        let free = try DurableFiles.freeBytes(path)
        let wanted = Self.sum(needed, reserve)
        guard free < wanted else { return }
        throw problem(
            "the disk has no room for \(purpose)", "\(ByteText.of(needed)) needed, ", free: free,
            missing: wanted - free)
    }

    /// Bytes that are free beside the reserve.
    public func available() throws(Problem) -> UInt64 {
        let free = try DurableFiles.freeBytes(path)
        return free > reserve ? free - reserve : 0
    }

    func problem(_ message: String, _ before: String, free: UInt64, missing: UInt64) -> Problem {
        let kept = reserve > 0 ? ", \(ByteText.of(reserve)) of that are kept for the servers there" : ""
        return Problem(
            .insufficientStorage, message,
            detail: "\(before)\(ByteText.of(free)) free at '\(path)'\(kept); "
                + "\(ByteText.of(missing)) are missing",
            hint: "Make that much room on the file system, but not by hand below the state directory, "
                + "or enlarge it; then repeat the command.")
    }

    /// Of two sizes that anybody may have said: what is too large for a number becomes the largest.
    public static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
