import Platform
import PostgresFormat
import Synchronization
import TestKit

/// What a PostgreSQL printed and wrote that ran a script. One server runs it for all tests that ask for the
/// same.
struct RecordedWorkload: Sendable {
    let output: String
    /// Every whole segment of the WAL, in order.
    let segments: [(name: SegmentName, bytes: [UInt8])]
    /// The names of relations by their files' numbers.
    let files: [UInt32: String]

    private static let made = Mutex<[String: RecordedWorkload]>([:])

    /// Made under a lock: tests that want it at once wait.
    static func shared(_ script: String) throws -> RecordedWorkload {
        try made.withLock { made in
            if let workload = made[script] { return workload }
            let workload = try RecordedWorkload(script)
            made[script] = workload
            return workload
        }
    }

    private init(_ script: String) throws {
        let server = try PostgresFixture(
            settings: [
                "max_prepared_transactions": "4", "wal_keep_size": "1GB", "autovacuum": "off",
                "max_wal_size": "2GB",
            ], initdb: ["--wal-segsize=1"])
        output = try server.psql(script)
        var files: [UInt32: String] = [:]
        let relations = try server.psql(
            "SELECT pg_relation_filenode(oid), relname FROM pg_class WHERE pg_relation_filenode(oid) > 0")
        for line in relations.split(separator: "\n") {
            let parts = line.split(separator: "|").map(String.init)
            if parts.count == 2, let number = UInt32(parts[0]) { files[number] = parts[1] }
        }
        self.files = files
        let last = try server.psql("SELECT pg_walfile_name(pg_switch_wal())")
        try server.psql("CHECKPOINT")
        try server.stop()
        let directory = server.dataDirectory + "/pg_wal"
        segments = try DurableFiles.list(directory).filter { $0 <= last }.compactMap { file in
            guard let name = SegmentName(fileName: file, size: ArchivedWorkload.segmentSize) else {
                return nil
            }
            return (name, try DurableFiles.read(directory + "/" + file))
        }
    }
}
