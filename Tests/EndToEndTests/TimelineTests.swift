import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

/// `pitr timeline` of servers that the product runs itself.
struct TimelineTests {
    @Test func `shows what happened with the command that undoes it, also of a deleted server`() throws {
        try ProductUnderTest.use("timeline") { product in
            let server = try product.create("shop", ["-d", "market"])
            let connection = try server.connect(database: "market")
            try connection.execute("CREATE TABLE orders (id int); CREATE TABLE payments (id int, amount int)")
            try connection.execute("INSERT INTO orders SELECT generate_series(1, 5000)")
            try connection.execute("INSERT INTO payments SELECT n, 5 FROM generate_series(1, 1500) n")
            try connection.execute("UPDATE payments SET amount = 0 WHERE id <= 1200")
            try connection.execute("VACUUM FULL orders")
            try connection.execute("BEGIN; DROP TABLE payments; ROLLBACK")
            try connection.execute("DROP TABLE orders")
            connection.close()

            let timeline = try product.json("timeline", "-s", "shop")
            let events = Self.titles(timeline)
            #expect(
                events.filter { !$0.hasPrefix("CREATE DATABASE") } == [
                    "CREATE TABLE market.orders", "CREATE TABLE market.payments", "INSERT market.orders 5000",
                    "INSERT market.payments 1500", "UPDATE market.payments 1200", "DROP TABLE market.orders",
                ])
            #expect(timeline["earliestUtc"]?.string != nil && timeline["latestUtc"]?.string != nil)
            #expect(timeline["gaps"]?.array?.isEmpty ?? false)
            #expect(timeline["backups"]?.array?.count == 1)
            let one = try product.json("timeline", "-s", "shop", "--table", "payments", "--min-rows", "1300")
            #expect(
                Self.titles(one) == ["CREATE TABLE market.payments", "INSERT market.payments 1500"])

            try product.delete("shop")
            let later = try product.json("timeline", "-s", server.id)
            #expect(Self.titles(later) == events)
        }
    }

    @Test func `a time between two events keeps only what lies in it`() throws {
        try ProductUnderTest.use("stretch") { product in
            let server = try product.create("shop")
            let connection = try server.superuser()
            try connection.execute("CREATE TABLE first (id int)")
            let moment = try connection.query("SELECT to_json(clock_timestamp())").scalar ?? ""
            try connection.execute("CREATE TABLE second (id int)")
            connection.close()
            let time = moment.filter { $0 != "\"" }
            let after = Self.titles(try product.json("timeline", "-s", "shop", "--from", time))
            let before = Self.titles(try product.json("timeline", "-s", "shop", "--to", time))
            #expect(after == ["CREATE TABLE postgres.second"])
            #expect(before.last == "CREATE TABLE postgres.first")
        }
    }

    private static func titles(_ timeline: JSONValue) -> [String] {
        (timeline["events"]?.array ?? []).compactMap { event in
            guard let title = event["event"]?.string else { return nil }
            return title + (event["rows"]?.integer.map { " \($0)" } ?? "")
        }
    }
}
