import Glibc
import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

/// A PostgreSQL that knows nothing of us, and what is done to attach it.
struct AttachedSource {
    let product: ProductUnderTest
    let postgres: PostgresFixture

    init(
        _ product: ProductUnderTest, settings: [String: String] = [:], initdb: [String] = [],
        listenAddress: String = "", programs: String = PostgresFixture.binDirectory,
        owner: String = PostgresFixture.superuser
    ) throws {
        self.product = product
        // A walsender outlives its session by a moment, and there may be a standby beside what is opened
        // here.
        postgres = try PostgresFixture(
            settings: [
                "wal_keep_size": "1GB", "max_slot_wal_keep_size": "2GB", "max_wal_senders": "10",
            ].merging(settings) { $1 },
            initdb: initdb, listenAddress: listenAddress, programs: programs, owner: owner)
        try postgres.psql("CREATE ROLE pitr_backup LOGIN REPLICATION")
    }

    @discardableResult
    func attach(_ options: [String] = []) throws -> ProductAnswer {
        try product.run(
            [
                "attach", "-n", "prod", "--host", postgres.socketDirectory, "--port",
                String(postgres.port), "--fast",
            ] + options)
    }

    func attached() throws -> JSONValue? {
        try product.json("show", "-n", "prod")["local"]?["attached"]
    }

    func receive() throws -> Int32 {
        let pid = try product.start(["receive", "-n", "prod"])
        try #require(
            try ProductUnderTest.eventually(seconds: 20) { try attached()?["state"] == "Streaming" })
        return pid
    }

    /// Everything that is flushed now is durable here.
    func settle(seconds: Double = 20) throws {
        let flushed = try #require(LSN(try postgres.psql("SELECT pg_current_wal_flush_lsn()")))
        try #require(
            try ProductUnderTest.eventually(seconds: seconds) {
                let durable = try attached()?["durableLsn"]?.string.flatMap { LSN($0) }
                return durable.map { $0 >= flushed } ?? false
            })
    }

    func slots() throws -> String { try postgres.psql("SELECT count(*) FROM pg_replication_slots") }

    /// Waits until it is received in that state.
    @discardableResult
    func isSeen(_ state: String, seconds: Double = 20) throws -> Bool {
        let isSo = try ProductUnderTest.eventually(seconds: seconds) {
            try attached()?["state"]?.string == state
        }
        let told = try attached()?.printed() ?? ""
        #expect(isSo, "\(told)")
        return isSo
    }

    /// The server's end of the stream ends: a new connection is needed.
    func cutStream() throws {
        try postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
    }

    static func end(_ pid: Int32, _ signal: Int32) {
        kill(pid, signal)
        #expect(ProductUnderTest.eventually(seconds: 20) { ChildProcess.hasEnded(pid) })
    }
}
