import Foundation
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

extension EndToEnd {
    /// Repositories of pgBackRest; Debian's pgBackRest made them, or a newer one that `Scripts/test-versions`
    /// names.
    @Suite(.serialized)
    struct OpenBackrestTests {
        private static let named = ProcessInfo.processInfo.environment["PITR_TEST_PGBACKREST"]
        private static let program = named ?? "/usr/bin/pgbackrest"
        /// Debian's knows PostgreSQL up to 15.
        private static let isThere =
            DurableFiles.exists(program) && (named != nil || PostgresFixture.major == "15")

        /// Newer ones keep blocks that changed, too, and in bundles pack them in zlib's format.
        private static let packing = named == nil ? "zst" : "gz"

        /// A server with two repositories, the second with bundles, and where it can be with blocks.
        private struct Backrest {
            let postgres: PostgresFixture
            private let stanza: BackrestStanza

            init() throws {
                stanza = try BackrestStanza(
                    program, in: ScratchDirectory("backrest"), folders: ["one", "two", "ts"])
                let (one, two) = (stanza.scratch.file("one"), stanza.scratch.file("two"))
                let blocks = named == nil ? [] : ["repo2-block=y"]
                postgres = try stanza.server(
                    repositories: ["repo1-path=\(one)", "repo2-path=\(two)", "repo2-bundle=y"] + blocks)
                try stanza.run("stanza-create")
            }

            var scratch: ScratchDirectory { stanza.scratch }

            /// Returns when all WAL so far is archived.
            func awaitArchive() throws { try stanza.run("check") }

            /// The label of a new backup.
            func backUp(_ name: String, _ type: String, _ packing: String) throws -> String {
                try stanza.run(
                    "backup", "--repo=\(name == "one" ? 1 : 2)", "--type=\(type)",
                    "--compress-type=\(packing)")
                return try stanza.newest(in: name)
            }

            /// Names, sizes, times, rights and bytes of both repositories.
            func fingerprint() throws -> String {
                let steps =
                    "cd \(scratch.path) && { find one two -printf '%p %s %T@ %m %u %l\\n' | sort; "
                    + "find one two -type f -exec sha256sum {} + | sort; } | sha256sum"
                return try RunAs().runChecked(
                    Command("bash", ["-c", steps], workingDirectory: "/", timeoutSeconds: 50)
                ).standardOutput
            }

            /// A dump of the same moment, restored by pgBackRest itself.
            func restored(_ label: String, _ moment: String) throws -> String {
                for name in ["data", "far"] { try scratch.directory(name) }
                let data = scratch.file("data")
                try stanza.run(
                    "restore", "--repo=1", "--set=\(label)", "--pg1-path=\(data)", "--type=time",
                    "--target=\(moment)", "--target-action=promote",
                    "--tablespace-map-all=\(scratch.file("far"))")
                let steps = """
                    set -e
                    bin=\(PostgresFixture.binDirectory)
                    $bin/pg_ctl -D \(data) -l \(scratch.file("log")) -w start \
                    -o "-k \(data) -c archive_mode=off -c fsync=off" > \(scratch.file("out"))
                    until [ "$($bin/psql -XAt -h \(data) -p \(postgres.port) -U azuresu -d postgres \
                    -c 'SELECT pg_is_in_recovery()')" = f ]; do sleep 0.05; done
                    \(OpenBackrestTests.dumping(data, postgres.port))
                    $bin/pg_ctl -D \(data) -m immediate stop > \(scratch.file("out"))
                    """
                return try RunAs().runChecked(
                    Command("bash", ["-c", steps], workingDirectory: "/", timeoutSeconds: 50)
                ).standardOutput
            }
        }

        private static func dumping(_ socket: String, _ port: UInt16) -> String {
            "\(PostgresFixture.binDirectory)/pg_dump -h \(socket) -p \(port) -U azuresu postgres "
                + "| grep -v restrict"
        }

        @Test(.enabled(if: isThere, "pgBackRest is not installed, or not for it"), .timeLimit(.minutes(2)))
        func `what pgBackRest keeps is restored as pgBackRest does, and stays as it is`() throws {
            try ProductUnderTest.use("openbackrest") { product in
                let backrest = try Backrest()
                let source = backrest.postgres
                try source.psql("CREATE TABLE orders AS SELECT generate_series(1, 500) AS id")
                try source.psql(
                    "CREATE TABLE wide AS SELECT i, repeat('x', 400) AS t FROM generate_series(1, 5000) AS i")
                try source.psql("CREATE UNLOGGED TABLE lost AS SELECT 1 AS x; CREATE TABLE empty (x int)")
                try source.psql("CREATE TABLESPACE far LOCATION '\(backrest.scratch.file("ts"))'")
                try source.psql("CREATE TABLE far TABLESPACE far AS SELECT 7 AS x")
                _ = try backrest.backUp("one", "full", "gz")
                _ = try backrest.backUp("two", "full", Self.packing)
                try source.psql(
                    "INSERT INTO orders VALUES (501); UPDATE wide SET t = 'changed' WHERE i % 700 = 3")
                _ = try backrest.backUp("one", "diff", "gz")
                try source.psql("INSERT INTO far VALUES (8)")
                let newest = try backrest.backUp("one", "incr", "gz")
                _ = try backrest.backUp("two", "incr", Self.packing)
                try source.psql("SELECT pg_sleep(1.1); INSERT INTO orders VALUES (502)")
                let moment = try source.psql("SELECT clock_timestamp()")
                try source.psql("DROP TABLE orders")
                // So that the newest segment but one is none that a backup needs.
                for table in ["late", "later"] {
                    try source.psql("CREATE TABLE \(table) (x int)")
                    try source.psql("SELECT pg_switch_wal()")
                }
                try backrest.awaitArchive()
                try source.stop("immediate")
                let before = try backrest.fingerprint()

                let expected = try backrest.restored(newest, moment)
                #expect(expected.contains("COPY public.orders"))
                let opened: [(name: String, options: [String], target: [String])] = [
                    ("one", ["--stanza", "main", "--set", newest], ["--restore-time", moment]),
                    ("two", [], ["--before", "drop table orders"]),
                ]
                for (name, options, target) in opened {
                    let place = backrest.scratch.file(name)
                    let server = try product.run(
                        ["open", "-n", name, "--pgbackrest", place] + options
                    ).value()
                    #expect(server["local"]?["opened"]?["form"] == "pgbackrest")
                    try Self.isStoredAsPacked(server, place)
                    let copy = try product.restore("\(name)-copy", from: name, target).server
                    let dump = try RunAs().runChecked(
                        Command(
                            "bash", ["-c", Self.dumping(copy.socketDirectory, UInt16(copy.port))],
                            workingDirectory: "/", timeoutSeconds: 50)
                    ).standardOutput
                    #expect(dump == expected, "\(name)")
                    try product.delete("\(name)-copy")
                }
                #expect(try backrest.fingerprint() == before)
                try Self.refusals(product, backrest)
            }
        }

        /// Whole segments, which pgBackRest packs with zstd here, are copied and not packed anew.
        private static func isStoredAsPacked(_ server: JSONValue, _ place: String) throws {
            let repository = try #require(server["local"]?["repositoryDirectory"]?.string)
            let packed = "\(place)/archive/main/\(PostgresFixture.major)-1/0000000100000000"
            let files = try DurableFiles.list(packed)
            let stored = try DurableFiles.list(repository + "/wal/00000001").filter {
                $0.hasSuffix(".zst") && $0.count == "000000010000000000000001.zst".count
            }
            #expect(stored.count > 1)
            for name in stored {
                let file = try #require(files.first { $0.hasPrefix(name.prefix(24) + "-") })
                let content = try DurableFiles.read("\(repository)/wal/00000001/\(name)")
                #expect(try content.dropFirst(1024) == DurableFiles.read("\(packed)/\(file)")[...])
            }
        }

        private static func refusals(_ product: ProductUnderTest, _ backrest: Backrest) throws {
            let other = try product.run([
                "open", "--check", "--pgbackrest", backrest.scratch.file("one"), "--stanza", "prod",
            ])
            #expect(other.errors.contains("it has main"), "\(other)")
            // The newest segment but one is gone.
            let server = "two/archive/main/\(PostgresFixture.major)-1"
            let archive = backrest.scratch.file("\(server)/0000000100000000")
            let segments = try DurableFiles.list(archive).filter { $0.contains("-") }.sorted()
            let missing = try #require(segments.dropLast().last)
            try DurableFiles.removeFile("\(archive)/\(missing)")
            let gap = try product.run([
                "open", "--check", "--pgbackrest", backrest.scratch.file("two"),
            ]).value()
            #expect(gap["isUsable"] == true)
            #expect(gap["contents"]?["form"] == "pgbackrest")
            #expect(gap["contents"]?["tablespaces"]?.array?.count == 1)
            #expect(gap["contents"]?["gaps"]?.array?.first?["first"]?.string == String(missing.prefix(24)))
        }
    }
}
