#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// A new directory under `/tmp` that goes with its owner.
///
/// It belongs to the servers' account (root can work in it all the same), and its path is short enough for
/// sockets.
public final class ScratchDirectory: Sendable {
    public let path: String
    private let keeps: Bool

    /// `PITR_TEST_KEEP=1` leaves the directory for a look after a failure.
    public init(_ name: String = "test") throws(Problem) {
        var template = Array("/tmp/pitr-\(name).XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Problem(
                .system, "cannot make a scratch directory", detail: String(cString: strerror(errno)))
        }
        path = String(cString: made)
        keeps = getenv("PITR_TEST_KEEP") != nil
        try RunAs.handOver(path)
    }

    /// The path of an entry.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Makes a directory of the servers' account, with mode 0700, and its parents.
    @discardableResult
    public func directory(_ name: String) throws(Problem) -> String {
        try RunAs().runChecked(Command("mkdir", ["-p", "-m", "700", file(name)]))
        return file(name)
    }

    /// Writes a file that belongs to whoever runs the tests.
    @discardableResult
    public func write(_ name: String, _ text: String) throws(Problem) -> String {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Problem(.system, "cannot write \(file(name))", detail: String(cString: strerror(errno)))
        }
        close(descriptor)
        return file(name)
    }

    deinit {
        if !keeps { _ = try? SystemCommands().run(Command("rm", ["-rf", "--", path])) }
    }
}
