import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What is told before a restore, compared with what the restore then does.
    @Suite(.serialized)
    struct ExplainTests {
        @Test func `an explanation shows the very files that the restore writes`() throws {
            try ProductUnderTest.use("explain") { product in
                let connection = try product.create("orders").connect()
                try connection.execute("CREATE TABLE t (x int)")
                let moment = try connection.moment()
                try connection.execute("INSERT INTO t VALUES (1)")
                let asked = ["-s", "orders", "--restore-time", moment]
                let told = try product.run(["explain"] + asked).value()
                let files = told["steps"]?.array?.flatMap { $0["files"]?.array ?? [] } ?? []
                #expect(
                    files.compactMap { $0["path"]?.string?.split(separator: "/").last.map { String($0) } }
                        == [
                            "backup_label", "postgresql.conf", "pg_hba.conf", "pg_ident.conf",
                            "recovery.signal",
                        ])
                // Ended right before PostgreSQL would start: all its files are there.
                let killed = try product.run(
                    ["restore", "-n", "copy"] + asked, environment: ["PITR_KILL_AT": "recover"])
                #expect(killed.exitStatus == 137, "\(killed)")
                let data = try #require(try product.copyFolder()) + "/data"
                let copy = try #require(data.split(separator: "/").dropLast().last)
                let operation = try #require(
                    try DurableFiles.list(product.home + "/operations").first {
                        DurableFiles.status(product.home + "/operations/\($0)/conf") != nil
                    })
                for file in files {
                    let path = try #require(file["path"]?.string)
                    let real = path.replacing("/servers/new/", with: "/servers/\(copy)/")
                        .replacing("/operations/new/", with: "/operations/\(operation)/")
                    let content = String(decoding: try DurableFiles.read(real), as: UTF8.self)
                        .replacing(operation, with: "new").replacing(copy, with: "new")
                        .replacing("/r\(copy.prefix(7))", with: "/rnew")
                    #expect(
                        Self.comparable(content) == Self.comparable(file["content"]?.string ?? ""), "\(path)")
                }
                try product.json("maintain")
                #expect(
                    try product.restore("copy", from: "orders", ["--restore-time", moment]).evidence[
                        "handedToPostgres"]?.string?.hasPrefix("recovery_target_time") == true)
            }
        }

        /// But for the process that is waited for, and the memory that happens to be free.
        private static func comparable(_ content: String) -> [Substring] {
            content.split(separator: "\n").filter {
                !$0.hasPrefix("restore_command") && !$0.hasPrefix("shared_buffers")
                    && !$0.hasPrefix("recovery_prefetch")
            }
        }

        @Test func `a plan tells what is in doubt, what the WAL is and what text is sorted by`() throws {
            try ProductUnderTest.use("facts") { product in
                let source = try product.create("orders")
                try product.json(
                    "parameter", "set", "-s", "orders", "-n", "max_prepared_transactions", "-v", "7")
                try product.json("restart", "-n", "orders")
                // The servers' own locale sorts by bytes and needs no library.
                try source.superuser().execute(
                    "CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'")
                let connection = try source.connect()
                try connection.execute("CREATE TABLE t (x int)")
                try connection.execute("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'first'")
                try product.json("backup", "create", "-s", "orders", "-n", "second")
                try connection.execute("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'second'")
                try connection.execute("BEGIN; INSERT INTO t VALUES (3); PREPARE TRANSACTION 'third'")
                try connection.execute("COMMIT PREPARED 'third'")
                let plan = try product.json("plan", "-s", "orders")
                let doubt = plan["preparedInDoubt"]?.array ?? []
                // The first was prepared before the backup.
                #expect(doubt.map { $0["name"]?.string } == ["first", "second"])
                #expect(plan["parameterMinima"]?["maxPreparedTransactions"] == 7)
                #expect(plan["walLevels"]?.array?.compactMap { $0["level"]?.string } == ["replica"])
                #expect(plan["timeline"]?["path"]?.array?.count == 1)
                let collation = try #require(plan["collations"]?.array?.first)
                #expect(collation["provider"] == "icu" && collation["databases"] == ["sorted"])
                #expect(collation["recordedVersion"]?.string?.isEmpty == false)
                let copy = try product.restore("copy", from: "orders")
                let listed = copy.evidence["preparedTransactionsInDoubt"]?.array?.compactMap(\.string) ?? []
                #expect(listed.count == 2 && listed[0].contains("first") && listed[1].contains("second"))
                #expect(
                    Int64(copy.evidence["timelineAfter"]?.integer ?? 0) == plan["newTimeline"]?.integer)
            }
        }

        @Test func `a refusal offers the nearest moment as a command that works`() throws {
            try ProductUnderTest.use("nearest") { product in
                _ = try product.create("orders")
                let answer = try product.run(["plan", "-s", "orders", "--restore-time", "2 hours ago"])
                #expect(answer.exitStatus == 1)
                let mark = "Nearest after it: pitr "
                let line = try #require(answer.errors.split(separator: "\n").first { $0.hasPrefix(mark) })
                let words = line.dropFirst(mark.count).split(separator: " ").map { String($0) }
                #expect(words.first == "plan")
                #expect(try product.run(words).value()["recovery"]?["mode"] == "immediate")
            }
        }
    }
}
