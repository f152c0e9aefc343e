import Foundation
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd {
    /// A stanza of pgBackRest that went over to a newer PostgreSQL by `stanza-upgrade`. Only newer releases
    /// of pgBackRest know the newer one; `Scripts/test-versions` names one.
    @Suite(.serialized)
    struct OpenUpgradedStanzaTests {
        private static let program = ProcessInfo.processInfo.environment["PITR_TEST_PGBACKREST"] ?? ""
        private static let isThere =
            !program.isEmpty && PostgresFixture.major != "15"
            && DurableFiles.exists(PostgresFixture.debianDirectory + "/postgres")

        private struct Stanza {
            let backrest: BackrestStanza

            init() throws {
                backrest = try BackrestStanza(
                    program, in: ScratchDirectory("stanza"), folders: ["repository"])
            }

            var repository: String { backrest.scratch.file("repository") }

            /// A server that archives into it, once the stanza is of that one.
            func server(_ programs: String) throws -> PostgresFixture {
                try backrest.server(of: programs, repositories: ["repo1-path=\(repository)"])
            }

            /// Backs the server up, and changes it behind that. All of it is archived when this returns.
            ///
            /// - Returns: the backup's label, and a moment before the table is dropped.
            func fill(_ server: PostgresFixture, _ value: Int) throws -> (label: String, moment: String) {
                try server.psql("CREATE TABLE kept AS SELECT \(value) AS x")
                try backrest.run("backup", "--type=full")
                try server.psql("SELECT pg_sleep(1.1)")
                try server.psql("INSERT INTO kept VALUES (\(value * 10))")
                let moment = try server.psql("SELECT clock_timestamp()")
                try server.psql("DROP TABLE kept")
                try backrest.run("check")
                return (try backrest.newest(in: "repository"), moment)
            }
        }

        @Test(
            .enabled(if: isThere, "an upgraded stanza needs a newer pgBackRest and two PostgreSQLs"),
            .timeLimit(.minutes(3)))
        func `of an upgraded stanza the backups of both servers are opened, each with its own WAL`() throws {
            try ProductUnderTest.use("stanza") { product in
                let stanza = try Stanza()
                let old = try stanza.server(PostgresFixture.debianDirectory)
                try stanza.backrest.run("stanza-create")
                let before = try stanza.fill(old, 15)
                try old.stop("immediate")
                let new = try stanza.server(PostgresFixture.binDirectory)
                try stanza.backrest.run("stanza-upgrade")
                let after = try stanza.fill(new, 18)
                try new.stop("immediate")

                let opened: [(name: String, options: [String], version: String, moment: String)] = [
                    ("older", ["--set", before.label], "15", before.moment),
                    ("newer", [], PostgresFixture.major, after.moment),
                ]
                for (name, options, version, moment) in opened {
                    let server = try product.run(
                        ["open", "-n", name, "--pgbackrest", stanza.repository] + options
                    ).value()
                    #expect(server["version"]?.string == version, "\(name)")
                    let copy = try product.restore("\(name)-copy", from: name, ["--restore-time", moment])
                        .server
                    let rows = try copy.superuser().value("SELECT string_agg(x::text, ' ') FROM kept")
                    #expect(rows == (name == "older" ? "15 150" : "18 180"))
                    try product.delete("\(name)-copy")
                }
                #expect(after.label > before.label)
            }
        }
    }
}
