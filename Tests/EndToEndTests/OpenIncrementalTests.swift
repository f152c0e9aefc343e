import Notation
import Platform
import PostgresClient
import PostgresFormat
import Repository
import TestKit
import Testing

extension EndToEnd {
    /// Incremental backups, which PostgreSQL takes from 17 on.
    @Suite(.serialized)
    struct OpenIncrementalTests {
        static let isThere = (Int(PostgresFixture.major) ?? 0) >= 17

        struct Source {
            let postgres: PostgresFixture
            let scratch: ScratchDirectory

            init() throws {
                scratch = try ScratchDirectory("incremental")
                postgres = try PostgresFixture(settings: ["summarize_wal": "on", "autovacuum": "off"])
            }

            /// A backup, of what changed since another one where that is named.
            @discardableResult
            func backUp(_ name: String, since: String? = nil, _ options: [String] = []) throws -> String {
                let path = scratch.file(name)
                try postgres.tool(
                    "pg_basebackup",
                    [
                        "-h", postgres.socketDirectory, "-p", String(postgres.port), "-U",
                        PostgresFixture.superuser, "-D", path, "-c", "fast", "-X", "stream",
                    ] + (since.map { ["--incremental=\(scratch.file($0))/backup_manifest"] } ?? []) + options)
                return path
            }

            /// What PostgreSQL's own tool makes of them: the checksum of each file.
            func combined(_ paths: [String]) throws -> [String: BackupManifest.Checksum] {
                let target = scratch.file("combined")
                try postgres.tool("pg_combinebackup", paths + ["-o", target])
                return try OpenIncrementalTests.checksums(target + "/backup_manifest")
            }
        }

        private static func checksums(_ manifest: String) throws -> [String: BackupManifest.Checksum] {
            let files = try BackupManifest(checking: DurableFiles.read(manifest)).files
            return Dictionary(
                uniqueKeysWithValues: files.compactMap { file in
                    file.checksum.map { (file.path, $0) }
                })
        }

        @Test(.enabled(if: isThere, "PostgreSQL 15 and 16 take none"), .timeLimit(.minutes(1)))
        func `incremental backups are put together as PostgreSQL does, in whatever order`() throws {
            try ProductUnderTest.use("openincr") { product in
                let source = try Source()
                try source.postgres.psql(
                    """
                    CREATE TABLE kept AS SELECT i, repeat('x', 500) AS t FROM generate_series(1, 3000) AS i;
                    CREATE TABLE shrinks AS SELECT i, repeat('y', 500) AS t FROM generate_series(1, 3000) AS i;
                    CREATE TABLE goes AS SELECT 1 AS x
                    """)
                let full = try source.backUp("full")
                try source.postgres.psql("UPDATE kept SET t = 'first' WHERE i IN (7, 1500)")
                try source.postgres.psql("DELETE FROM shrinks WHERE i > 100")
                try source.postgres.psql("VACUUM shrinks")
                let first = try source.backUp("first", since: "full")
                try source.postgres.psql(
                    "INSERT INTO shrinks SELECT i, repeat('z', 900) FROM generate_series(1, 900) AS i")
                try source.postgres.psql("UPDATE kept SET t = 'second' WHERE i IN (7, 2900); DROP TABLE goes")
                try source.postgres.psql("CREATE TABLE comes AS SELECT 5 AS x")
                let second = try source.backUp("second", since: "first")
                let expected = try source.postgres.psql(Self.digest)
                try source.postgres.stop("immediate")

                try Self.refusals(product, full, first, second)
                let opened = try product.run(
                    ["open", "-n", "found", "--base", second, "--base", full, "--base", first]
                ).value()
                #expect(opened["local"]?["opened"]?["base"]?.string == second)
                try Self.compare(opened, with: source.combined([full, first, second]))
                let copy = try product.restore("copy", from: "found", []).server
                let session = try copy.superuser()
                #expect(try session.value(Self.digest) == expected)
                session.close()
                try Self.withoutItsVersion(product)
                try Self.damage(product, [full, first, second])
            }
        }

        private static let digest =
            "SELECT md5(string_agg(k::text, '' ORDER BY i)) || (SELECT md5(string_agg(s::text, '' ORDER BY i, t))"
            + " FROM shrinks s) || (SELECT x FROM comes) FROM kept k"

        /// What is kept has the bytes that pg_combinebackup writes, but for what no copy has.
        static func compare(
            _ opened: JSONValue, with wanted: [String: BackupManifest.Checksum]
        ) throws {
            let repository = try #require(opened["local"]?["repositoryDirectory"]?.string) + "/backups"
            let name = try #require(try DurableFiles.list(repository).first)
            let kept = try checksums("\(repository)/\(name)/backup_manifest")
            #expect(kept.count > 900)
            #expect(kept.keys.allSatisfy { !$0.contains("INCREMENTAL") })
            for (path, checksum) in kept where wanted[path] != checksum {
                Issue.record("\(path) is not as pg_combinebackup makes it")
            }
        }

        private static func refusals(
            _ product: ProductUnderTest, _ full: String, _ first: String, _ second: String
        ) throws {
            let alone = try product.run(["open", "-n", "found", "--base", second])
            #expect(alone.errors.contains("the one before it is not named"), "\(alone)")
            let gap = try product.run(["open", "-n", "found", "--base", full, "--base", second])
            #expect(gap.errors.contains("do not go on from each other"), "\(gap)")
            let more = try product.run(["open", "--check", "--base", first, "--base", full]).value()
            #expect(more["isUsable"] == true)
            #expect(try product.serverNames() == [])
        }

        /// Where nobody has installed its version it is looked at, and no copy is begun.
        private static func withoutItsVersion(_ product: ProductUnderTest) throws {
            let nowhere = ["PITR_POSTGRES_DIRS": ""]
            try #require(!DurableFiles.exists("/usr/lib/postgresql/\(PostgresFixture.major)"))
            let shown = try product.run(["show", "-n", "found"], environment: nowhere).value()
            let needs = shown["local"]?["opened"]?["needs"]?.string
            #expect(needs?.hasPrefix("PostgreSQL \(PostgresFixture.major), which is not installed") == true)
            let plan = try product.run(["plan", "-s", "found"], environment: nowhere)
            #expect(plan.errors.contains("apt-get install postgresql-\(PostgresFixture.major)"), "\(plan)")
            _ = try product.run(["timeline", "-s", "found"], environment: nowhere).checked()
        }

        /// A byte of a backup that another one goes on from, and one of a header.
        private static func damage(_ product: ProductUnderTest, _ paths: [String]) throws {
            let bases = paths.flatMap { ["--base", $0] }
            let steps = """
                set -e
                cd \(paths[0]); printf x | dd of=base/1/1259 bs=1 seek=99 conv=notrunc status=none
                cd \(paths[2]); file=$(find base -name 'INCREMENTAL.*' -size +9k | head -n 1)
                printf '\\377\\377\\377\\377' | dd of=$file bs=1 seek=4 conv=notrunc status=none
                """
            try RunAs().runChecked(Command("bash", ["-c", steps], workingDirectory: "/"))
            let damaged = try product.run(["open", "--check"] + bases)
            #expect(damaged.exitStatus == 1)
            #expect(damaged.output.contains("in '\(paths[0])' 'base/1/1259' does not have"), "\(damaged)")
            #expect(damaged.output.contains("more blocks than a file can have"), "\(damaged)")
        }
    }
}
