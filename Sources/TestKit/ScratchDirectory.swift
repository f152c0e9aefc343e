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
        var made = try Self.make(name, onDisk)
        while !Self.isOurs(home: made + "/home") {
            rmdir(made)
            made = try Self.make(name, onDisk)
        }
        path = made
        keeps = getenv("PITR_TEST_KEEP") != nil
        try RunAs.handOver(path)
    }

    private static func make(_ name: String, _ onDisk: Bool) throws(Problem) -> String {
        var template = Array("\(onDisk ? "/tmp" : root)/pitr-\(name).XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Problem(
                .system, "cannot make a scratch directory", detail: String(cString: strerror(errno)))
        }
        return String(cString: made)
    }

    /// Whether the servers of a home there get addresses that those of no other process of tests get: the
    /// product begins at one that is told by the home's path (FNV-1a). `PITR_TEST_SLOT` is this process's
    /// number and how many there may be, `2/8`.
    private static func isOurs(home: String) -> Bool {
        let words = getenv("PITR_TEST_SLOT").map { String(cString: $0).split(separator: "/") } ?? []
        guard words.count == 2, let slot = UInt32(words[0]), let count = UInt32(words[1]), count > 0,
            slot < count
        else { return true }
        let hash = home.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return hash % 64_000 * count / 64_000 == slot
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
