import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// Restores to just before something that happened, named as people say it.
    @Suite(.serialized)
    struct BeforeEventTests {
        private static func value(_ copy: RestoredServer, _ sql: String, in database: String = "shop") throws
            -> String?
        {
            try copy.server.superuser(database: database).value(sql)
        }

        private static func shop(_ product: ProductUnderTest) throws -> Connection {
            let source = try product.create("orders")
            try product.json("db", "create", "-s", "orders", "-n", "shop")
            return try source.connect(database: "shop")
        }

        @Test func `the state just before an event has everything but the event`() throws {
            try ProductUnderTest.use("before") { product in
                let connection = try Self.shop(product)
                try connection.execute("CREATE TABLE orders (x int)")
                try connection.execute("INSERT INTO orders SELECT generate_series(1, 100)")
                try connection.execute("DELETE FROM orders WHERE x > 90")
                try connection.execute("DELETE FROM orders WHERE x > 40")
                try connection.execute("TRUNCATE orders")
                try connection.execute("INSERT INTO orders VALUES (7)")
                try product.json("restore-point", "create", "-s", "orders", "-n", "release-42")
                try connection.execute("INSERT INTO orders VALUES (8)")
                try connection.execute("DROP TABLE orders")
                connection.close()
                let other = try product.server("orders").connect()
                try other.execute("DROP DATABASE shop")
                let rows = "SELECT count(*) FROM orders"
                let cases: [(event: [String], sql: String, answer: String)] = [
                    (["drop table shop.orders"], rows, "2"),
                    (["truncate public.orders in database shop"], rows, "40"),
                    (["delete from shop.orders", "--nth", "1"], rows, "100"),
                    (["delete from shop.orders", "--latest"], rows, "90"),
                    (["delete from orders", "--min-rows", "50"], rows, "90"),
                    (["restore point release-42"], rows, "1"),
                    (
                        ["drop database shop"],
                        "SELECT to_regclass('orders') IS NULL AND current_database() = 'shop'", "t"
                    ),
                ]
                for (number, known) in cases.enumerated() {
                    let copy = try product.restore(
                        "copy\(number)", from: "orders", ["--before"] + known.event)
                    #expect(try Self.value(copy, known.sql) == known.answer, "\(known.event)")
                    #expect(copy.remarks.contains("'\(known.event[0])' is "), "\(copy.remarks)")
                    if number == 0 {
                        let did = copy.evidence["firstExcludedDid"]?.array?.compactMap(\.string) ?? []
                        #expect(did.contains("DROP TABLE public.orders in database shop"), "\(did)")
                    }
                    try product.delete("copy\(number)")
                }
                let plan = try product.json("plan", "-s", "orders", "--before", "drop table shop.orders")
                #expect(plan["target"]?["kind"] == "event")
                let did = plan["firstOutsideDid"]?.array?.compactMap(\.string) ?? []
                #expect(did.contains { $0.contains("DROP TABLE") && $0.contains("orders") }, "\(did)")
            }
        }

        @Test func `ambiguous, unknown and misspelt events are refused with what is known`() throws {
            try ProductUnderTest.use("ambiguous") { product in
                let connection = try Self.shop(product)
                for _ in 0..<2 {
                    try connection.execute("CREATE TABLE orders (x int); INSERT INTO orders VALUES (1)")
                    try connection.execute("DROP TABLE orders")
                }
                func asked(_ options: String...) -> [String] {
                    ["restore", "-n", "copy", "--source-server", "orders", "--before"] + options
                }
                try product.refuses(
                    asked("drop table shop.orders"), saying: "2 events fit", "1. 2", "2. 2", "--nth")
                try product.refuses(
                    asked("drop table shop.orders", "--nth", "3"), status: 3,
                    saying: "2 events fit", "there is no number 3")
                try product.refuses(
                    asked("drop table shop.customers"), status: 3, saying: "nothing that fits")
                try product.refuses(asked("tidy up"), status: 2, saying: "is no event")
                try product.refuses(
                    asked("drop table orders", "--lsn", "0/28"), status: 2, saying: "--lsn or --before")
                try product.refuses(
                    ["plan", "-s", "orders", "--nth", "1"], status: 2, saying: "go with --before")
                let second = try product.restore(
                    "copy", from: "orders", ["--before", "drop table shop.orders", "--nth", "2"])
                #expect(try Self.value(second, "SELECT count(*) FROM orders") == "1")
            }
        }
    }
}
