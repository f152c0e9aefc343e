public import Platform

/// Digests of one side of a table, parted by their keys so that each part fits into memory: in a file where
/// they are many.
public struct DigestSpool: Sendable {
    /// So many are one part.
    public static let rowsOfPart = 1 << 17
    private static let rowsOfPiece = 128
    private static let largestCount = 1 << 12

    private let file: OpenFile?
    private var waiting: [[RowDigest]]
    /// Where each part's pieces lie in the file, counted in pieces.
    private var pieces: [[UInt32]]
    private var written: UInt32 = 0
    public private(set) var count: UInt64 = 0

    /// How many parts are right for so many rows of the side that has more.
    public static func parts(forRows rows: UInt64) -> Int {
        var parts = 1
        while parts < largestCount, UInt64(parts) * UInt64(rowsOfPart) < rows { parts *= 2 }
        return parts
    }

    /// - Parameters:
    ///   - parts: a power of two; the same for both sides.
    ///   - path: of a file that is made where there are several.
    public init(parts: Int, path: String) throws(Problem) {
        file = parts > 1 ? try OpenFile(creating: path) : nil
        waiting = [[RowDigest]](repeating: [], count: parts)
        pieces = [[UInt32]](repeating: [], count: parts)
    }

    public mutating func add(_ digest: RowDigest) throws(Problem) {
        let part = Int(truncatingIfNeeded: digest.keyHigh & UInt64(waiting.count - 1))
        count += 1
        waiting[part].append(digest)
        guard let file, waiting[part].count == Self.rowsOfPiece else { return }
        let size = UInt64(MemoryLayout<RowDigest>.stride * Self.rowsOfPiece)
        let piece = waiting[part]
        try piece.span.bytes.withUnsafeBytes { (bytes) throws(Problem) in
            try file.write(bytes, at: UInt64(written) * size)
        }
        pieces[part].append(written)
        written += 1
        waiting[part].removeAll(keepingCapacity: true)
    }

    /// One part, in any order.
    public func part(_ number: Int) throws(Problem) -> [RowDigest] {
        var found = waiting[number]
        guard let file, !pieces[number].isEmpty else { return found }
        let empty = RowDigest(key: (0, 0), row: (0, 0))
        let size = MemoryLayout<RowDigest>.stride * Self.rowsOfPiece
        var piece = [RowDigest](repeating: empty, count: Self.rowsOfPiece)
        for place in pieces[number] {
            let read = piece.withUnsafeMutableBytes { buffer -> Result<Int, Problem> in
                do throws(Problem) {
                    return .success(try file.read(into: buffer, at: UInt64(place) * UInt64(size)))
                } catch {
                    return .failure(error)
                }
            }
            let got = try read.get()
            guard got == size else {
                throw Problem(.system, "a file of this comparison was cut short", detail: file.path)
            }
            found += piece
        }
        return found
    }

    public var parts: Int { waiting.count }
}
