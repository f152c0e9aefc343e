import Foundation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Takes transactions back: the source with the script applied equals a ledger replayed without them.
    @Suite(.serialized)
    struct UndoTests {
        /// 1 row of a table by its key, as text.
        typealias Rows = [String: [String: String?]]

        private static let tables = ["pairs", "parents", "children", "parts"]

        @Test(.timeLimit(.minutes(1)))
        func `the script leaves what a ledger has without the transaction, cell by cell`() throws {
            let rounds = ProcessInfo.processInfo.environment["PITR_UNDO_ROUNDS"].flatMap { Int($0) } ?? 3
            let seed =
                ProcessInfo.processInfo.environment["PITR_UNDO_SEED"].flatMap { UInt64($0) }
                ?? UInt64.random(in: 0..<1_000_000)
            print("undo: seed \(seed)")
            try ProductUnderTest.use("undo") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                for round in 0..<rounds {
                    var work = UndoWorkload(seed: seed &+ UInt64(round))
                    try Self.check(&work, round: round, product, server)
                }
            }
        }

        private static func check(
            _ work: inout UndoWorkload, round: Int, _ product: ProductUnderTest, _ server: ManagedServer
        ) throws {
            let name = "w\(round)"
            try product.json("db", "create", "-s", "shop", "-n", name)
            let connection = try server.superuser(database: name)
            defer { connection.close() }
            for statement in UndoWorkload.schema { try connection.execute(statement) }
            for statement in work.filling() { try connection.execute(statement) }
            var states = [try ledger(connection)]
            var xids: [String] = []
            var done: [[String]] = []
            for _ in 0..<8 {
                let statements = work.transaction()
                try connection.execute("BEGIN")
                xids.append(try connection.query("SELECT txid_current()::text").scalar ?? "")
                for statement in statements { try work.run(statement, connection) }
                try connection.execute("COMMIT")
                states.append(try ledger(connection))
                done.append(statements)
            }
            let victim = work.victim(of: 8)
            let told = "seed \(work.seed), transaction \(victim): \(done)"
            let folder = product.home + "/out-\(round)"
            let result = try product.json(
                "undo", "-s", "shop", "--xid", xids[victim], "--conflicts", "skip", "--out", folder)
            let expected = UndoLedger(states: states, victim: victim)
            #expect(result["proof"] == (expected.isNothing ? "none" : "passed"), "\(told)\n\(result)")
            let script = try server.psql(folder + "/repair.sql", database: name)
            #expect(script.succeeded, "\(script.words)\n\(told)")
            let now = try ledger(connection)
            for table in Self.tables {
                #expect(now[table] == expected.rows[table], "\(table), \(told)")
            }
            let conflicts = Set(
                try String(contentsOfFile: folder + "/conflicts.csv", encoding: .utf8).split(separator: "\n")
                    .filter { $0.hasPrefix("public.") }
                    .map { $0.split(separator: ",").prefix(2).joined(separator: ",") })
            #expect(conflicts == expected.conflicts, "\(told)")
            let second = try server.psql(folder + "/repair.sql", database: name)
            #expect(second.succeeded, "\(second.words)\n\(told)")
            #expect(try ledger(connection) == now, "\(told)")
        }

        /// Every row of every table, each cell as PostgreSQL prints it.
        static func ledger(_ connection: Connection) throws -> [String: Rows] {
            var state: [String: Rows] = [:]
            for table in Self.tables {
                let answer = try connection.query("SELECT * FROM public.\(table)")
                var rows: Rows = [:]
                for row in answer.rows {
                    let cells = Dictionary(uniqueKeysWithValues: zip(answer.columns, row))
                    let key = UndoWorkload.keys[table, default: []].map {
                        "\($0)=\(cells[$0].flatMap { $0 } ?? "")"
                    }
                    rows[key.joined(separator: " ")] = cells
                }
                state[table] = rows
            }
            return state
        }
    }
}

extension ManagedServer {
    /// Runs a script as its reader would, over the private socket.
    func psql(_ path: String, database: String) throws -> CommandResult {
        try SystemCommands().run(
            Command(
                "/usr/bin/psql",
                [
                    "-X", "-h", socketDirectory, "-p", String(port), "-U", "azuresu", "-d", database, "-f",
                    path,
                ], timeoutSeconds: 60))
    }
}
