public import Platform
import PostgresClient

/// What PostgreSQL does by itself, and a moment later than what asked for it.
extension ProductUnderTest {
    /// Ends autovacuum on a server, whose transactions come whenever they like, and waits until it is over.
    public func endAutovacuum(on server: ManagedServer) throws(Problem) {
        try json("parameter", "set", "-s", server.name, "-n", "autovacuum", "-v", "off")
        let connection = try server.superuser()
        defer { connection.close() }
        let words = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'autovacuum%'"
        try Self.require("autovacuum goes on") { () throws(Problem) in
            try connection.query(words).scalar == "0"
        }
    }

    /// Waits until the archiver has nothing to do and has counted what it did: a backup is complete before
    /// its history file is archived.
    public static func waitForArchiver(of server: ManagedServer) throws(Problem) {
        let connection = try server.superuser()
        defer { connection.close() }
        try require("the archiver of \(server.name) goes on") { () throws(Problem) in
            let names = try DurableFiles.list(server.dataDirectory + "/pg_wal/archive_status")
            guard !names.contains(where: { $0.hasSuffix(".ready") }) else { return false }
            let last = try connection.query("SELECT last_archived_wal FROM pg_stat_archiver").scalar
            // In the order of their names, of one timeline.
            return last != nil && last == names.map { String($0.dropLast(".done".count)) }.max()
        }
    }

    /// The processes that work in a directory.
    public static func processes(in directory: String) -> [Int32] {
        ((try? DurableFiles.list("/proc")) ?? []).compactMap { Int32($0) }.filter { process in
            (try? LinkTarget.of("/proc/\(process)/cwd")) == directory
        }
    }

    private static func require(_ complaint: String, _ isSo: () throws(Problem) -> Bool) throws(Problem) {
        let watch = Stopwatch()
        while try !isSo() {
            guard watch.seconds < 60 else { throw Problem(.system, complaint) }
            Pause.milliseconds(20)
        }
    }
}
