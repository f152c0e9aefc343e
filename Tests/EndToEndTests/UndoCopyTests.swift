import Foundation
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension EndToEnd {
    /// Of the moments before and after, an undo copies no more than it reads.
    @Suite(.serialized)
    struct UndoCopyTests {
        private static let table =
            "CREATE TABLE big (id int PRIMARY KEY, pad text DEFAULT repeat('x', 400), doc text)"
        /// Long values that do not shrink.
        private static let filling =
            "INSERT INTO big SELECT g, repeat(md5(g::text), 10), CASE WHEN g % 50 = 0 THEN (SELECT "
            + "string_agg(md5((g * n)::text), '') FROM generate_series(1, 200) n) END "
            + "FROM generate_series(1, 20000) g"

        @Test(.timeLimit(.minutes(4)))
        func `copies of before and after hold the pages of the rows, and every row comes back`() throws {
            try ProductUnderTest.use("undo-copies") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                try connection.execute(Self.table)
                try connection.execute(Self.filling)
                try connection.execute("CREATE TABLE other AS SELECT * FROM big; CREATE INDEX ON big (pad)")
                // The first who reads rows writes down that they are there, and with that every page.
                let before = try Self.digest(connection)
                _ = try connection.query("SELECT count(doc) FROM other")
                try product.json("backup", "create", "-s", "shop", "-n", "filled", "--fast")
                try connection.execute(
                    "BEGIN; UPDATE big SET doc = 'gone' WHERE id IN (50, 10000, 19950); "
                        + "DELETE FROM big WHERE id IN (3, 15000); INSERT INTO big VALUES (20001); COMMIT")
                try connection.execute("UPDATE other SET doc = 'later' WHERE id < 9")
                let files = ["big", "other"].map { name in
                    (try? connection.value("SELECT pg_relation_filepath('\(name)')")) ?? ""
                }
                let held = try Self.held(files, ["--event", "update big"], product)
                for (role, sizes) in held where role != "now" {
                    #expect(sizes.allSatisfy { 0 < $0.apparent && $0.allocated < $0.apparent / 8 }, "\(held)")
                }
                #expect(
                    held["now"]?.allSatisfy { $0.allocated >= $0.apparent } ?? false && held.count == 3,
                    "\(held)")
                try Self.bringBack(["--event", "update big"], server, product)
                #expect(try Self.digest(connection) == before)

                // What a text is may stand in any table from now on.
                try connection.execute(
                    "CREATE FUNCTION told(box) RETURNS text LANGUAGE sql AS 'SELECT max(pad) FROM other'; "
                        + "CREATE CAST (box AS text) WITH FUNCTION told(box)")
                try connection.execute("UPDATE big SET doc = 'cast' WHERE id = 10000")
                let cast = try Self.held(files, ["--event", "update big", "--latest"], product)
                #expect(Set(cast.keys) == ["now", "whole-after", "before"], "\(cast)")
                #expect(cast.values.joined().allSatisfy { $0.allocated >= $0.apparent }, "\(cast)")
                try Self.bringBack(["--event", "update big", "--latest"], server, product)
                #expect(try Self.digest(connection) == before)
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `what was dropped without rows comes back, also where all files have other numbers`() throws {
            try ProductUnderTest.use("undo-empty") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                try connection.execute(
                    "CREATE TABLE parted (id int PRIMARY KEY, v text NOT NULL) PARTITION BY RANGE (id)")
                try connection.execute("COMMENT ON TABLE parted IS 'of no rows'")
                // Every catalog gets a file with a number like those of users' tables.
                try connection.execute("VACUUM FULL")
                try product.json("backup", "create", "-s", "shop", "-n", "anew", "--fast")
                // Without its lines that guard what psql reads, which are others each time.
                func dump() throws -> [Substring] {
                    try server.tool("pg_dump", ["--schema-only", "-d", "postgres"]).split(separator: "\n")
                        .filter { !$0.hasPrefix("\\") }
                }
                for vacuums in [false, true] {
                    let definitions = try dump()
                    try connection.execute("DROP TABLE parted")
                    try #require(try dump() != definitions)
                    if vacuums { try connection.execute("VACUUM FULL") }
                    try Self.bringBack(["--event", "drop table parted", "--latest"], server, product)
                    #expect(try dump() == definitions, "\(vacuums)")
                }
            }
        }

        @Test(.timeLimit(.minutes(4)), .enabled(if: getuid() == 0, "only root mounts a small file system"))
        func `a copy with holes that finds no room is not tried again as a whole one`() throws {
            try ProductUnderTest.use("undo-room") { product in
                let commands = SystemCommands()
                func mount(_ options: String) throws {
                    try commands.runChecked(Command("mount", ["-o", options, "none", product.home]))
                }
                try commands.runChecked(
                    Command("mount", ["-t", "tmpfs", "-o", "size=2g,mode=0755", "none", product.home]))
                defer {
                    try? product.delete("shop")
                    _ = try? commands.run(Command("umount", ["-l", product.home]))
                }
                try commands.runChecked(
                    Command("chown", ["--reference=\(product.scratch.path)", product.home]))
                let connection = try product.create("shop").superuser()
                try connection.execute("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 9) g")
                try connection.execute("UPDATE t SET id = id + 100 WHERE id < 4")
                let undo = ["undo", "-s", "shop", "--event", "update t", "--preview"]
                let process = try product.start(undo)
                let operations = product.home + "/operations"
                func roles() throws -> [String] {
                    try DurableFiles.listIfPresent(operations).flatMap { operation in
                        try DurableFiles.listIfPresent("\(operations)/\(operation)/copies")
                    }
                }
                try #require(try ProductUnderTest.eventually { try roles().contains("after") })
                kill(process, SIGSTOP)
                defer { kill(process, SIGCONT) }
                let free = try DurableFiles.freeBytes(product.home)
                let total = try DurableFiles.totalBytes(product.home)
                try mount("remount,size=\((total - free) >> 10 + 1024)k")
                kill(process, SIGCONT)
                var status: Int32 = 0
                var seen: Set<String> = []
                let hasEnded = try ProductUnderTest.eventually {
                    seen.formUnion(try roles())
                    return waitpid(process, &status, WNOHANG) == process
                }
                try #require(hasEnded)
                let told = String(
                    decoding: try DurableFiles.read(product.scratch.file("background.log")), as: UTF8.self)
                #expect(status & 0x7f == 0 && status >> 8 != 0, "\(status)")
                #expect(
                    told.contains("InsufficientStorage")
                        && told.contains("was stopped before the disk was full"), "\(told)")
                #expect(seen.isDisjoint(with: ["whole-after", "before"]), "\(seen)")
                try mount("remount,size=2g")
                #expect(try roles().isEmpty)
                #expect(try product.run(undo).value()["writtenRows"] == 3)
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `catalogs that were written anew, and databases copied as files, make the copies whole`() throws
        {
            try ProductUnderTest.use("undo-whole") { product in
                let server = try product.create("shop")
                try product.endAutovacuum(on: server)
                let connection = try server.superuser()
                try connection.execute(Self.table)
                try connection.execute(Self.filling)
                let anew = "VACUUM FULL pg_class; VACUUM FULL pg_attribute; VACUUM FULL pg_type"
                for statement in anew.split(separator: ";") { try connection.execute(String(statement)) }
                // The first who reads rows writes down that they are there, and with that every page.
                let before = try Self.digest(connection)
                try product.json("backup", "create", "-s", "shop", "-n", "filled", "--fast")
                try connection.execute("UPDATE big SET doc = 'gone' WHERE id % 1000 = 50")
                let file = try connection.value("SELECT pg_relation_filepath('big')") ?? ""
                let event = ["--event", "update big"]
                let known = try Self.held([file], event, product)
                #expect(known["before"]?.allSatisfy { $0.allocated < $0.apparent } ?? false, "\(known)")
                // From now on nothing tells which files these catalogs had then.
                for statement in anew.split(separator: ";") { try connection.execute(String(statement)) }
                let unknown = try Self.held([file], event, product)
                for role in ["whole-after", "before"] {
                    #expect(unknown[role]?.allSatisfy { $0.allocated >= $0.apparent } ?? false, "\(unknown)")
                }
                try Self.bringBack(event, server, product)
                #expect(try Self.digest(connection) == before)

                try connection.execute("CREATE DATABASE twin TEMPLATE postgres STRATEGY file_copy")
                let twin = try server.superuser(database: "twin")
                try twin.execute("DELETE FROM big WHERE id % 100 = 50")
                #expect(try Self.digest(twin) != before)
                try Self.bringBack(["--event", "delete big", "--latest"], server, product, database: "twin")
                #expect(try Self.digest(twin) == before)
            }
        }

        private static func digest(_ connection: Connection) throws -> String {
            try connection.value("SELECT md5(string_agg(b::text, '|' ORDER BY id)) FROM big b") ?? ""
        }

        private static func bringBack(
            _ what: [String], _ server: ManagedServer, _ product: ProductUnderTest,
            database: String = "postgres"
        ) throws {
            let folder = product.home + "/out"
            let result = try product.run(["undo", "-s", "shop", "--out", folder] + what).value()
            #expect(result["proof"] == "passed", "\(result)")
            let script = try server.psql(folder + "/repair.sql", database: database)
            #expect(script.succeeded, "\(script.words)")
            try DurableFiles.removeTree(folder)
        }

        /// How large files are in the copies of an undo that was killed when it had them all, and how much of
        /// the disk they take.
        private static func held(
            _ files: [String], _ what: [String], _ product: ProductUnderTest
        ) throws -> [String: [(apparent: UInt64, allocated: UInt64)]] {
            let killed = try product.run(
                ["undo", "-s", "shop", "--preview"] + what, environment: ["PITR_KILL_AT": "undo: read"])
            #expect(killed.exitStatus != 0, "\(killed)")
            var held: [String: [(apparent: UInt64, allocated: UInt64)]] = [:]
            let operations = product.home + "/operations"
            for operation in try DurableFiles.list(operations) {
                let copies = "\(operations)/\(operation)/copies"
                for role in try DurableFiles.listIfPresent(copies) {
                    let sizes = files.compactMap { file in
                        DurableFiles.status("\(copies)/\(role)/server/data/\(file)").map {
                            (apparent: $0.size, allocated: $0.allocatedBytes)
                        }
                    }
                    if !sizes.isEmpty { held[role] = sizes }
                }
            }
            try product.json("maintain")
            return held
        }
    }
}
