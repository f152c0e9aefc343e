#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// What `postmaster.pid` says, and whether the process that wrote it still lives.
///
/// The lines are: process id, data directory, start time, port, socket directory, listen address, shared
/// memory, state (PostgreSQL's `miscadmin.h`, LOCK_FILE_LINE_…). The later ones appear while the server
/// starts.
struct Postmaster: Sendable, Hashable {
    let pid: Int32
    let dataDirectory: String
    /// In seconds since 1970-01-01 UTC.
    let startTime: Int64?
    let port: UInt16?
    let socketDirectory: String?
    /// `starting`, `ready`, `standby` or `stopping`.
    let state: String?

    static func file(in data: String) -> String { data + "/postmaster.pid" }

    /// Nil when there is no lock file, or none with a process id.
    static func read(data: String) -> Postmaster? {
        TextFile.read(file(in: data)).flatMap { Postmaster(text: $0) }
    }

    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(Self.trimmed)
        guard lines.count >= 2, let pid = Int32(lines[0]), pid > 0 else { return nil }
        func line(_ number: Int) -> String? {
            lines.count >= number && !lines[number - 1].isEmpty ? lines[number - 1] : nil
        }
        self.pid = pid
        dataDirectory = lines[1]
        startTime = line(3).flatMap { Int64($0) }
        port = line(4).flatMap { UInt16($0) }
        socketDirectory = line(5)
        state = line(8)
    }

    private static func trimmed(_ line: Substring) -> String {
        guard let last = line.lastIndex(where: { $0 != " " && $0 != "\r" }) else { return "" }
        return String(line[...last])
    }

    /// Whether the process is a PostgreSQL server that works in `data`: a process id alone may be anybody's
    /// by now.
    func isAlive(in data: String) -> Bool {
        guard Self.isPostgres(pid) else { return false }
        if let directory = TextFile.linkTarget("/proc/\(pid)/cwd") {
            return directory == TextFile.realPath(data)
        }
        // Another account's process hides its directory; a zombie has none.
        return errno == EACCES && TextFile.realPath(dataDirectory) == TextFile.realPath(data)
    }

    /// Whether any process has that id.
    var idIsTaken: Bool { kill(pid, 0) == 0 || errno == EPERM }

    private static func isPostgres(_ pid: Int32) -> Bool {
        TextFile.read("/proc/\(pid)/comm", limit: 256) == "postgres\n"
    }

    /// PostgreSQL's processes that work in the data directory, also when their postmaster is gone.
    static func processes(in data: String) -> [Int32] {
        let real = TextFile.realPath(data)
        return TextFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            TextFile.linkTarget("/proc/\(pid)/cwd") == real && isPostgres(pid)
        }.sorted()
    }

    /// Waits until PostgreSQL's processes in the data directory are gone, and returns those that are not:
    /// `pg_ctl` is content when the lock file is gone, the log's writer ends a little later.
    static func waitForEnd(in data: String, seconds: Double) -> [Int32] {
        let clock = Stopwatch()
        var left = processes(in: data)
        while !left.isEmpty && clock.seconds < seconds {
            usleep(2000)
            left = processes(in: data)
        }
        return left
    }
}
