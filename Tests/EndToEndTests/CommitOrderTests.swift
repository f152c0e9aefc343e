import Foundation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Commits take their time before they get their place in the WAL.
    @Suite(.serialized)
    struct CommitOrderTests {
        /// A commit as `pg_waldump` prints it.
        private struct Commit {
            let xid: String
            let time: String
        }

        @Test func `of commit times out of order the first later one in the WAL ends the state`() throws {
            try ProductUnderTest.use("order") { product in
                let source = try product.create("orders")
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (x xid8 DEFAULT pg_current_xact_id())")
                try connection.execute("SELECT pg_switch_wal()")
                let script = product.scratch.file("insert.sql")
                try DurableFiles.write(Array("INSERT INTO t DEFAULT VALUES;\n".utf8), to: script)
                try RunAs.handOver(script)
                let away = OfflineServer(product: product, server: source)
                var pair: (commits: [Commit], later: Int)?
                for _ in 1...10 where pair == nil {
                    try away.tool(
                        "pgbench",
                        [
                            "-h", source.socketDirectory, "-p", String(source.port), "-U", "azuresu", "-n",
                            "-c", "8", "-j", "2", "-t", "400", "-f", script, "postgres",
                        ])
                    let commits = try Self.commits(away)
                    try #require(commits.count >= 3200)
                    if let later = Self.outOfOrder(commits) { pair = (commits, later) }
                }
                // Where no two commits ever overtake each other nothing can be shown, and nothing is passed.
                guard let (commits, later) = pair else {
                    try Test.cancel("in 32000 commits none overtook another")
                }
                // The time of the one that stands behind it in the WAL, and is earlier.
                let time = commits[later + 1].time
                let inside = Set(commits[..<later].map(\.xid))
                let copy = try product.restore("copy", from: "orders", ["--restore-time", time])
                let found = try copy.server.superuser().query("SELECT x::text FROM t").firstColumn
                let all = try connection.query("SELECT x::text FROM t").firstColumn
                #expect(Set(found) == inside.intersection(all))
                #expect(found.count < commits.count)
            }
        }

        /// The first commit whose successor in the WAL carries an earlier time than it and all before it.
        private static func outOfOrder(_ commits: [Commit]) -> Int? {
            for index in commits.indices.dropLast()
            where commits[index + 1].time < commits[index].time
                && commits[..<index].allSatisfy({ $0.time <= commits[index + 1].time })
            {
                return index
            }
            return nil
        }

        /// All commits that are still in the server's own WAL, in its order.
        private static func commits(_ away: OfflineServer) throws -> [Commit] {
            let directory = away.server.dataDirectory + "/pg_wal"
            let end = try away.server.superuser().value("SELECT pg_walfile_name(pg_current_wal_lsn())")
            let names = try DurableFiles.list(directory).filter { $0.count == 24 && $0 <= end ?? "" }
                .sorted()
            let first = try #require(names.first)
            let last = try #require(names.last)
            let text = try away.tool(
                "pg_waldump", ["-p", directory, "-r", "Transaction", first, last], mayFail: true)
            return text.split(separator: "\n").compactMap { line in
                guard let found = line.firstMatch(of: /tx: +([0-9]+),.*desc: COMMIT ([-0-9]+) ([:.0-9]+) UTC/)
                else { return nil }
                return Commit(xid: String(found.1), time: "\(found.2)T\(found.3)Z")
            }
        }
    }
}
