import Glibc
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd {
    /// The directory of a server as Barman keeps it; Debian's Barman made it.
    @Suite(.serialized)
    struct OpenBarmanTests {
        private static let program = "/usr/bin/barman"

        private struct Barman {
            let postgres: PostgresFixture
            let scratch: ScratchDirectory
            var server: String { scratch.file("home/main") }

            init() throws {
                scratch = try ScratchDirectory("barman")
                for name in ["home", "conf.d"] { try scratch.directory(name) }
                postgres = try PostgresFixture()
                let connection =
                    "host=\(postgres.socketDirectory) port=\(postgres.port) user=\(PostgresFixture.superuser)"
                let text = """
                    [barman]
                    barman_user = \(RunAs.account)
                    barman_home = \(scratch.file("home"))
                    configuration_files_directory = \(scratch.file("conf.d"))
                    log_file = \(scratch.file("barman.log"))
                    compression = gzip
                    [main]
                    description = main
                    conninfo = \(connection) dbname=postgres
                    streaming_conninfo = \(connection)
                    backup_method = postgres
                    immediate_checkpoint = true
                    streaming_archiver = on
                    slot_name = barman
                    create_slot = auto
                    path_prefix = \(PostgresFixture.binDirectory)

                    """
                try RunAs().runChecked(
                    Command("tee", [scratch.file("barman.conf")], standardInput: text))
            }

            @discardableResult
            func run(_ arguments: String...) throws -> String {
                try RunAs().runChecked(
                    Command(
                        "env",
                        ["HOME=\(scratch.path)", OpenBarmanTests.program, "-c", scratch.file("barman.conf")]
                            + arguments, workingDirectory: "/", timeoutSeconds: 50)
                ).standardOutput
            }

            /// A backup, with the WAL that came until now in the archive.
            func backUp() throws -> String {
                try run("backup", "main")
                try archive()
                return try #require(
                    DurableFiles.list(server + "/base").max())
            }

            /// What was written until now gets into the archive.
            ///
            /// Barman leaves the newest whole segment alone until the next one has begun. Where nobody
            /// writes that is when PostgreSQL's background writer tells who is running, every 15 to 25
            /// seconds, and 'switch-wal --archive' waits for 30; so the next one is begun at once.
            func archive() throws {
                let name = try postgres.psql("CHECKPOINT; SELECT pg_walfile_name(pg_switch_wal())")
                try postgres.psql("CHECKPOINT")
                let isThere = try ProductUnderTest.eventually {
                    try run("archive-wal", "main")
                    return DurableFiles.exists("\(server)/wals/\(name.prefix(16))/\(name)")
                }
                try #require(isThere, "\(name)")
            }

            func end() throws {
                try run("receive-wal", "--stop", "main")
            }
        }

        @Test(
            .enabled(if: DurableFiles.exists(program), "Barman is not installed"), .timeLimit(.minutes(5)))
        func `a backup in Barman's directory is restored to before the accident`() throws {
            try ProductUnderTest.use("openbarman") { product in
                let barman = try Barman()
                try barman.postgres.psql("CREATE TABLE orders AS SELECT generate_series(1, 500) AS id")
                try barman.run("receive-wal", "--create-slot", "main")
                let receiver = try RunAs().spawnDetached(
                    Command(
                        "env",
                        [
                            "HOME=\(barman.scratch.path)", Self.program, "-c",
                            barman.scratch.file("barman.conf"), "receive-wal", "main",
                        ], workingDirectory: "/"), log: barman.scratch.file("receive.log"))
                defer {
                    try? barman.end()
                    kill(receiver, SIGTERM)
                    _ = ProductUnderTest.eventually(seconds: 20) { ChildProcess.hasEnded(receiver) }
                }
                // Barman itself connects as well, before the program that receives does.
                let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
                try #require(
                    ProductUnderTest.eventually(seconds: 60) {
                        try barman.postgres.psql(streams) == "1"
                    })
                // Barman takes no backup before it has got WAL.
                try barman.archive()
                let first = try barman.backUp()
                try barman.postgres.psql("INSERT INTO orders VALUES (501)")
                let second = try barman.backUp()
                try barman.postgres.psql("INSERT INTO orders VALUES (502)")
                try barman.postgres.psql("DROP TABLE orders")
                try barman.archive()

                let check = try product.run(["open", "--check", "--base", barman.server]).value()
                #expect(check["contents"]?["form"] == "barman")
                #expect(check["contents"]?["gaps"]?.array?.isEmpty == true)
                for (name, options) in [("newest", []), ("older", ["--backup", first])] {
                    let opened = try product.run(
                        ["open", "-n", name, "--base", barman.server] + options
                    ).value()
                    let path = opened["local"]?["opened"]?["base"]?.string
                    #expect(path?.contains(options.isEmpty ? second : first) == true)
                    let copy = try product.restore(
                        "\(name)-copy", from: name, ["--before", "drop table orders"]
                    ).server
                    let session = try copy.superuser()
                    #expect(try session.value("SELECT count(*) FROM orders") == "502")
                    session.close()
                }
                let unknown = try product.run([
                    "open", "--check", "--base", barman.server, "--backup", "20200101T000000",
                ])
                #expect(unknown.errors.contains("there is no backup '20200101T000000'"), "\(unknown)")
                // Barman may still wait for WAL of it.
                #expect(unknown.errors.contains("it has \(first) ("), "\(unknown)")
            }
        }
    }
}
