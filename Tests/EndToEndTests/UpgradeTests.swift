#if canImport(Glibc)
    import Glibc
#endif
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// A copy that gets a newer PostgreSQL: from Debian's 15 to the version that the tests are run with.
    @Suite(.serialized, .enabled(if: PostgresFixture.major != "15", "an upgrade needs a newer version"))
    struct UpgradeTests {
        private static let upgrade = ["upgrade", "-n", "copy", "--version", PostgresFixture.major]
        private static let major = "SELECT current_setting('server_version_num')::int / 10000"
        private static let rows = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM t"

        /// A source of 15 with something of most kinds, and a copy of it.
        private func copy(_ product: ProductUnderTest) throws -> ManagedServer {
            let source = try product.create("orders", ["--version", "15"])
            let connection = try source.superuser()
            // A copy has it inside its own data directory.
            let place = try product.scratch.directory("elsewhere")
            try RunAs.handOver(place)
            try connection.execute("CREATE TABLESPACE far LOCATION '\(place)'")
            try connection.execute(
                """
                CREATE EXTENSION pgcrypto;
                CREATE TABLE f TABLESPACE far AS SELECT n AS id FROM generate_series(1, 500) n;
                CREATE TYPE mood AS ENUM ('sad', 'ok');
                CREATE TABLE t (id int PRIMARY KEY, name text, feels mood DEFAULT 'ok', at timestamptz);
                INSERT INTO t SELECT n, repeat(md5(n::text), 100), 'sad', now() FROM generate_series(1, 1000) n;
                CREATE INDEX ON t (name);
                CREATE SEQUENCE s START 42; SELECT nextval('s');
                CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t;
                GRANT SELECT ON t TO PUBLIC;
                """)
            try connection.execute("CREATE DATABASE other")
            return try product.restore("copy", from: "orders", ["--allow", "127.0.0.1"]).server
        }

        @Test(.timeLimit(.minutes(3)))
        func `an upgraded copy has every row, its name and its settings, and there is a way back`() throws {
            try ProductUnderTest.use("upgrade") { product in
                let old = try copy(product)
                try product.json("parameter", "set", "-s", "copy", "-n", "work_mem", "-v", "8192")
                let before = try old.superuser().value(Self.rows)
                let looked = try product.run(Self.upgrade + ["--validate-only"]).value()
                #expect(looked["isPossible"] == true && looked["server"]?.string == "copy", "\(looked)")
                #expect(try product.server("copy").id == old.id)
                #expect(try product.serverFolders().count == 2)

                let printed = try product.run(Self.upgrade).value()
                #expect(printed["version"]?.string == PostgresFixture.major)
                let new = try product.server("copy")
                #expect(new.id != old.id && new.host == old.host && new.port == old.port)
                let connection = try new.superuser()
                #expect(try connection.value(Self.major) == PostgresFixture.major)
                #expect(try connection.value(Self.rows) == before)
                #expect(try connection.value("SELECT nextval('s') > 42") == "t")
                #expect(try connection.value("SHOW work_mem") == "8MB")
                #expect(try connection.value("SELECT length(public.digest('a'::text, 'sha256'))") == "32")
                #expect(try connection.value("SELECT count(*) FROM pg_stats WHERE tablename = 't'") != "0")
                #expect(try connection.value("SELECT count(*) FROM v") == "1")
                try Self.expectInner(new, connection)
                // Its firewall rule and its administrator's password came with it.
                #expect(try new.connect().value("SELECT count(*) FROM t") == "1000")
                #expect(try product.serverNames() == ["copy", "orders"])
                #expect(try product.run(["doctor"]).exitStatus == 0)

                // Its own repository: the copy of a copy has the new version too.
                #expect(try ProductUnderTest.eventually { try product.earliest("copy") != nil })
                try connection.execute("INSERT INTO public.t VALUES (2000)")
                let again = try product.restore("again", from: "copy").server
                let copied = try again.superuser()
                #expect(try copied.value("SELECT count(*) FROM t") == "1001")
                try Self.expectInner(again, copied)

                let deleted = try product.json("list", "--deleted").array ?? []
                #expect(deleted.map { $0["local"]?["id"]?.string } == [old.id])
                _ = try product.run(["revive-dropped", "-n", "back", "--source-server", old.id]).checked()
                let back = try product.server("back").superuser()
                #expect(try back.value(Self.major) == "15")
                #expect(try back.value(Self.rows) == before)
                _ = try product.run(["upgrade", "-n", "copy", "--finish", "-y"]).checked()
                #expect(try product.json("list", "--deleted").array?.isEmpty == true)
                try product.refuses(
                    ["upgrade", "-n", "copy", "--finish", "-y"], status: 3, saying: "nothing is left")
            }
        }

        /// The tablespace is a directory of the data directory, with the new version's files alone.
        private static func expectInner(_ server: ManagedServer, _ connection: Connection) throws {
            #expect(try connection.value("SELECT count(*) FROM f") == "500")
            let spaces = server.dataDirectory + "/pg_tblspc/"
            let number = try #require(try DurableFiles.list(spaces).first)
            #expect(DurableFiles.linkTarget(spaces + number) == nil)
            let held = try DurableFiles.list(spaces + number)
            #expect(
                held.count == 1 && held.allSatisfy { $0.hasPrefix("PG_\(PostgresFixture.major)_") }, "\(held)"
            )
        }

        /// An extension and a parameter that PostgreSQL has no more since 17.
        private static func expectGone(_ product: ProductUnderTest, _ connection: Connection) throws {
            guard PostgresFixture.major != "16" else { return }
            try connection.execute("CREATE EXTENSION old_snapshot")
            try product.refuses(upgrade, status: 1, saying: "'old_snapshot in database postgres'")
            try connection.execute("DROP EXTENSION old_snapshot")
            let parameter = ["parameter", "set", "-s", "copy", "-n", "old_snapshot_threshold"]
            _ = try product.run(parameter + ["-v", "60"]).checked()
            try product.refuses(upgrade + ["--validate-only"], status: 2, saying: "old_snapshot_threshold")
            _ = try product.run(parameter).checked()
        }

        private static let linked = upgrade + ["--link", "--no-way-back"]

        /// The file of a table, as the file system numbers it.
        private static func file(of table: String, _ server: ManagedServer) throws -> UInt64 {
            let path = try server.superuser().value("SELECT pg_relation_filepath('\(table)')")
            var found = stat()
            try #require(stat(server.dataDirectory + "/" + (path ?? ""), &found) == 0)
            return UInt64(found.st_ino)
        }

        private static let linkedSteps = [
            "upgrade: copy", "upgrade: separate", "upgrade: run", "upgrade: repository", "upgrade: catalog",
        ]

        /// Killed when the new server has the place and has not begun. Tables are made and written anew
        /// between the upgrade's look at them and the server's stop: their files are not those that it links.
        private static func killAtLast(_ product: ProductUnderTest, _ server: ManagedServer) throws {
            let connection = try server.superuser()
            try connection.execute("CREATE TABLE g AS SELECT n AS id FROM generate_series(1, 100) n")
            try connection.execute("CREATE TABLE h AS SELECT 1 AS id")
            let process = try product.start(
                linked,
                environment: ["PITR_STOP_AT": "upgrade: stop", "PITR_KILL_AT": "replace: start"])
            var status: Int32 = 0
            let isHeld = ProductUnderTest.eventually {
                waitpid(process, &status, WNOHANG | WUNTRACED) == process
            }
            // The low byte tells a process that was stopped; the signal that ended one is there otherwise.
            try #require(isHeld && status & 0xff == 0x7f, "\(status)")
            try connection.execute("VACUUM FULL g")
            try connection.execute("TRUNCATE h")
            try connection.execute("INSERT INTO h VALUES (2)")
            try connection.execute("CREATE TABLE late AS SELECT 3 AS id")
            connection.close()
            #expect(kill(process, SIGCONT) == 0)
            let hasEnded = ProductUnderTest.eventually { waitpid(process, &status, WNOHANG) == process }
            #expect(hasEnded && status & 0x7f == SIGKILL, "\(status)")
            let actions = try product.json("maintain").array ?? []
            #expect(
                actions.contains { $0["action"] == "analyze" && $0["outcome"] == "done" },
                "\(JSONValue.array(actions).printed())")
            let new = try product.server("copy").superuser()
            #expect(try new.value("SELECT count(*) FROM g") == "100")
            #expect(try new.value("SELECT h.id + late.id FROM h, late") == "5")
        }

        @Test(.timeLimit(.minutes(4)))
        func `an upgrade that shares the files is asked for twice, and killed, one server has them`() throws {
            try ProductUnderTest.use("upgradelink") { product in
                let first = try copy(product)
                let rows = try first.superuser().value(Self.rows)
                try product.refuses(Self.upgrade + ["--link"], status: 2, saying: "--no-way-back")
                let looked = try product.run(Self.upgrade + ["--link", "--validate-only"]).value()
                #expect(looked["files"] == "linked", "\(looked)")
                let (copied, all) = (looked["copiedBytes"]?.integer ?? 0, looked["dataBytes"]?.integer ?? 0)
                #expect(copied > 0 && copied < all, "\(looked)")
                let files = try ["t", "f"].map { try Self.file(of: $0, first) }
                for step in Self.linkedSteps + ["replace: start"] {
                    if step == "replace: start" {
                        try Self.killAtLast(product, product.server("copy"))
                    } else {
                        let killed = try product.run(Self.linked, environment: ["PITR_KILL_AT": step])
                        #expect(killed.exitStatus == 137, "\(step): \(killed)")
                        _ = try product.json("maintain")
                    }
                    let now = try product.server("copy")
                    #expect((now.id == first.id) == (step != "replace: start"), "\(step)")
                    #expect(try product.serverFolders().count == 2, "\(step)")
                    let connection = try now.superuser()
                    #expect(try connection.value(Self.rows) == rows, "\(step)")
                    #expect(try ["t", "f"].map { try Self.file(of: $0, now) } == files, "\(step)")
                    // Whoever goes on writes to the files.
                    try connection.execute("UPDATE f SET id = id + 0; CHECKPOINT")
                }
                let new = try product.server("copy")
                try Self.expectInner(new, new.superuser())
                // The backups of before are the way back, until it is finished.
                _ = try product.run(["revive-dropped", "-n", "back", "--source-server", first.id]).checked()
                #expect(try product.server("back").superuser().value(Self.rows) == rows)
                #expect(try ProductUnderTest.eventually { try product.earliest("copy") != nil })
                _ = try product.run(["upgrade", "-n", "copy", "--finish", "-y"]).checked()
                try product.refuses(
                    ["revive-dropped", "-n", "late", "--source-server", first.id], status: 3, saying: first.id
                )
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `what stands in the way of an upgrade is said before anything happens`() throws {
            try ProductUnderTest.use("upgradenot") { product in
                let server = try copy(product)
                let to = PostgresFixture.major
                try product.refuses(
                    ["upgrade", "-n", "orders", "--version", to], status: 1, saying: "is not a copy")
                try product.refuses(
                    ["upgrade", "-n", "copy", "--version", "15"], status: 2, saying: "version 15 already")
                try product.refuses(
                    ["upgrade", "-n", "copy", "--version", "14"], status: 2, saying: "Allowed values")
                let connection = try server.superuser()
                try connection.execute("SELECT pg_create_physical_replication_slot('mine')")
                try product.refuses(
                    Self.upgrade, status: 1, saying: "replication slots, which would be lost: 'mine'")
                try connection.execute("SELECT pg_drop_replication_slot('mine')")
                try connection.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'other'")
                try product.refuses(Self.upgrade, status: 1, saying: "'other'")
                try connection.execute("UPDATE pg_database SET datconnlimit = -1 WHERE datname = 'other'")
                // A copy of the files would write into a directory behind a link.
                let link = server.dataDirectory + "/base/linked"
                #expect(symlink("/tmp", link) == 0)
                try product.refuses(Self.upgrade, status: 1, saying: "'base/linked'")
                #expect(unlink(link) == 0)
                try Self.expectGone(product, connection)
                // A library that the newer version does not have: pg_upgrade finds it.
                try connection.execute(
                    """
                    UPDATE pg_proc SET probin = '$libdir/nosuch' WHERE proname = 'gen_random_bytes';
                    """)
                try product.refuses(Self.upgrade, status: 1, saying: "$libdir/nosuch")
                #expect(try product.server("copy").id == server.id)
                #expect(try server.superuser().value("SELECT count(*) FROM t") == "1000")
                #expect(try product.serverFolders().count == 2)
                #expect(try product.json("operation", "list") == [])
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a copy of a server that somebody else made is upgraded, whoever its first superuser is`() throws
        {
            try ProductUnderTest.use("upgradeattached") { product in
                let boss = "All staff"
                let source = try AttachedSource(
                    product, programs: PostgresFixture.debianDirectory, owner: boss)
                try source.postgres.psql(
                    """
                    CREATE TABLE t (id int PRIMARY KEY, name text);
                    INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 1000) n;
                    ALTER ROLE "All staff" SET default_transaction_read_only = on;
                    """)
                let before = try source.postgres.psql(Self.rows)
                _ = try source.attach().checked()
                let receiver = try source.receive()
                try source.settle()
                let old = try product.restore("copy", from: "prod").server
                AttachedSource.end(receiver, SIGTERM)
                let looked = try product.run(Self.upgrade + ["--validate-only"]).value()
                #expect(looked["isPossible"] == true, "\(looked)")
                #expect(try !Self.access(old).contains(boss))

                _ = try product.run(Self.upgrade).checked()
                let new = try product.server("copy")
                let connection = try new.superuser()
                #expect(try connection.value(Self.major) == PostgresFixture.major)
                #expect(try connection.value(Self.rows) == before)
                #expect(try connection.value("SELECT rolname FROM pg_roles WHERE oid = 10") == boss)
                #expect(try !Self.access(new).contains(boss))
            }
        }

        private static func access(_ server: ManagedServer) throws -> String {
            String(
                decoding: try DurableFiles.read(server.folder + "/conf/pg_hba.conf"), as: UTF8.self)
        }

        private static let before = [
            "upgrade: claim", "upgrade: stop", "upgrade: copy", "upgrade: run", "upgrade: repository",
            "upgrade: start", "upgrade: catalog",
        ]
        private static let after = ["replace: start", "replace: files"]

        @Test(.timeLimit(.minutes(4)))
        func `killed at any step of an upgrade, exactly one server answers to the name`() throws {
            try ProductUnderTest.use("upgradekill") { product in
                let first = try copy(product)
                let rows = try first.superuser().value(Self.rows)
                for step in Self.before + Self.after {
                    if step == Self.after.last {
                        // It has been upgraded by the step before: with another copy.
                        _ = try product.restore("copy", from: "orders", ["--replace"])
                    }
                    let old = try product.server("copy")
                    let killed = try product.run(Self.upgrade, environment: ["PITR_KILL_AT": step])
                    #expect(killed.exitStatus == 137, "\(step): \(killed)")
                    let actions = try product.json("maintain").array ?? []
                    #expect(
                        !actions.contains { $0["outcome"]?.string?.hasPrefix("failed") == true },
                        "\(step): \(JSONValue.array(actions).printed())")
                    #expect(try product.serverNames() == ["copy", "orders"], "\(step)")
                    #expect(try product.serverFolders().count == 2, "\(step)")
                    let now = try product.server("copy")
                    #expect((now.id == old.id) == Self.before.contains(step), "\(step)")
                    #expect(now.host == old.host && now.port == old.port, "\(step)")
                    #expect(try now.superuser().value(Self.rows) == rows, "\(step)")
                    #expect(try product.json("operation", "list") == [], "\(step)")
                }
                #expect(try product.run(["doctor"]).exitStatus == 0)
            }
        }
    }
}
