import Foundation
import Notation
import Platform
import PostgresClient
import TestKit
import Testing

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
            let folder = product.home + "/out-\(database)-\(what.joined(separator: "-").count)"
            let result = try product.run(["undo", "-s", "shop", "--out", folder] + what).value()
            #expect(result["proof"] == "passed", "\(result)")
            let script = try server.psql(folder + "/repair.sql", database: database)
            #expect(script.succeeded, "\(script.words)")
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
