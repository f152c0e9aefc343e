import Holdings
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Synchronization
import TestKit
import Testing

extension EndToEnd {
    /// A server archives a segment and removes its own file just when that is about to be read from it.
    @Suite(.serialized)
    struct RemovedSegmentTests {
        /// Lets a segment go when the server is first asked, after the archive was looked at.
        private final class Race: Sendable {
            let server: ManagedServer
            let isOver = Atomic(false)

            init(_ server: ManagedServer) { self.server = server }

            func connect() throws(Problem) -> ConnectionParameters {
                if !isOver.exchange(true, ordering: .relaxed) { try letGo() }
                return ConnectionParameters(
                    host: server.socketDirectory, port: server.port, user: "azuresu", database: "postgres")
            }

            private func letGo() throws(Problem) {
                let connection = try server.superuser()
                defer { connection.close() }
                let name = try connection.query("SELECT pg_walfile_name(pg_switch_wal())").scalar ?? ""
                try connection.execute("INSERT INTO t VALUES (2)")
                try ProductUnderTest.waitForArchiver(of: server)
                try connection.execute("CHECKPOINT")
                guard DurableFiles.status(server.dataDirectory + "/pg_wal/" + name) == nil else {
                    throw Problem(.stateDamaged, "\(name) is still there")
                }
            }
        }

        private static func reader(of server: ManagedServer) -> SourceReader {
            let race = Race(server)
            let cluster = SourceCluster(
                dataDirectory: server.dataDirectory, isRunning: { true },
                parameters: { () throws(Problem) in try race.connect() })
            return SourceReader(
                Source(name: "shop", layout: RepositoryLayout(root: server.repository), cluster: cluster),
                clock: SystemWallClock(), cancellation: CancellationFlag())
        }

        private static func position(_ connection: Connection) throws -> LSN {
            try #require(LSN(try connection.query("SELECT pg_current_wal_flush_lsn()::text").scalar ?? ""))
        }

        @Test(.timeLimit(.minutes(2)))
        func `it is found in the archive then`() throws {
            try ProductUnderTest.use("removed") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                defer { connection.close() }
                try connection.execute("CREATE TABLE t (x int)")
                let begin = try Self.position(connection)
                try connection.execute("INSERT INTO t VALUES (1)")
                let tail = product.home + "/read"

                let held = try Self.reader(of: server).held(for: .latest, tailDirectory: tail)
                var commits = 0
                try held.records(from: begin, to: try Self.position(connection)) { (record) in
                    if record.transactionDetails?.end.kind.isCommit == true { commits += 1 }
                    return true
                }
                #expect(commits == 2)

                let words = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"
                let name = try #require(try connection.query(words).scalar)
                try connection.execute("INSERT INTO t VALUES (3)")
                var read = 0
                let ends = try Self.reader(of: server).records(.segment(name), tailDirectory: tail) { (_) in
                    read += 1
                    return true
                }
                #expect(ends.isEmpty && read > 2, "\(ends), \(read) records")
            }
        }
    }
}
