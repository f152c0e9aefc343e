#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// A new directory that goes with its owner, in memory where the machine has room for that.
///
/// Making a server takes a third of the time there, and most tests are not about the disk. `onDisk` is for
/// those that are.
///
/// It belongs to the servers' account (root can work in it all the same), and its path is short enough for
/// sockets.
public final class ScratchDirectory: Sendable {
    public let path: String
    private let keeps: Bool

    /// Where scratch directories are made: `PITR_TEST_SCRATCH`, else `/dev/shm` if programs may be run there
    /// and some servers fit in, else `/tmp`.
    public static let root: String = {
        if let asked = getenv("PITR_TEST_SCRATCH") { return String(cString: asked) }
        let memory = "/dev/shm"
        // ST_RDONLY and ST_NOEXEC, which Swift does not see.
        let unusable: UInt = 1 | 8
        var status = statvfs()
        guard statvfs(memory, &status) == 0, status.f_flag & unusable == 0,
            access(memory, W_OK | X_OK) == 0, UInt64(status.f_bavail) * UInt64(status.f_frsize) >= 6 << 30
        else { return "/tmp" }
        return memory
    }()

    /// `PITR_TEST_KEEP=1` leaves the directory for a look after a failure.
    public init(_ name: String = "test", onDisk: Bool = false) throws(Problem) {
        var template = Array("\(onDisk ? "/tmp" : Self.root)/pitr-\(name).XXXXXX".utf8CString)
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
