import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

/// `pitr timeline` of servers that the product runs itself.
struct TimelineTests {
    private static func changeSmallTables(_ connection: Connection) throws {
        defer { connection.close() }
        try connection.execute("CREATE TABLE small AS SELECT g AS x FROM generate_series(1, 600) g")
        try connection.execute("UPDATE small SET x = x + 1 WHERE x <= 200")
        try connection.execute("DELETE FROM small WHERE x <= 110")
        try connection.execute("UPDATE payments SET amount = 1 WHERE id <= 150")
        try connection.execute("CREATE TABLE rates AS SELECT g AS x FROM generate_series(1, 50) g")
        try connection.execute("DELETE FROM rates WHERE x = 1")
        try connection.execute("DELETE FROM rates WHERE x <= 41")
    }

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
            // The backup began with a checkpoint.
            #expect(timeline["events"]?.array?.contains { $0["event"] == "CHECKPOINT" } == true)
            let one = try product.json("timeline", "-s", "shop", "--table", "payments", "--min-rows", "1300")
            #expect(
                Self.titles(one) == ["CREATE TABLE market.payments", "INSERT market.payments 1500"])
            let hidden = one["hidden"]?.array ?? []
            #expect(hidden.map { $0["table"]?.string } == ["market.payments"])
            #expect(hidden.first?["changes"] == 1 && hidden.first?["largestRows"] == 1200)

            // A small table's largest change is one.
            try Self.changeSmallTables(try product.server("shop").superuser(database: "market"))
            let whole = try product.json("timeline", "-s", "shop")
            let small = Self.titles(whole)
            #expect(
                small.suffix(3) == [
                    "UPDATE market.small 200", "CREATE TABLE market.rates", "DELETE market.rates 40",
                ], "\(small)")
            let rates = whole["hidden"]?.array?.first { $0["table"]?.string == "market.rates" }
            #expect(rates?["changes"] == 2 && rates?["largestRows"] == 50)
            #expect(whole["leastCountedRows"] == 1)
            #expect(
                Self.titles(try product.json("timeline", "-s", "shop", "--all")).contains(
                    "DELETE market.rates 1"))
            let explicit = try product.json("timeline", "-s", "shop", "--min-rows", "1000")
            #expect(Self.titles(explicit).last == "CREATE TABLE market.rates")

            try product.delete("shop")
            let later = try product.json("timeline", "-s", server.id)
            #expect(Array(Self.titles(later).prefix(events.count)) == events)
        }
    }

    @Test func `finds what happened to partitions by the name of their table`() throws {
        try ProductUnderTest.use("partitions") { product in
            let server = try product.create("shop", ["-d", "market"])
            let connection = try server.connect(database: "market")
            try connection.execute(
                """
                CREATE TABLE parts (id int) PARTITION BY RANGE (id);
                CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100);
                CREATE TABLE high PARTITION OF parts FOR VALUES FROM (100) TO (1000);
                CREATE TABLE other (id int)
                """)
            try connection.execute("INSERT INTO parts SELECT generate_series(1, 150)")
            try connection.execute("DELETE FROM parts WHERE id > 90")
            connection.close()
            let timeline = try product.json("timeline", "-s", "shop", "--table", "parts", "--min-rows", "1")
            #expect(
                Self.titles(timeline).sorted() == [
                    "CREATE TABLE market.high", "CREATE TABLE market.low", "CREATE TABLE market.parts",
                    "DELETE market.high 51", "DELETE market.low 9", "INSERT market.high 51",
                    "INSERT market.low 99",
                ])
            let plan = try product.run(
                [
                    "plan", "-s", "shop", "--before", "delete from market.parts", "--min-rows", "60",
                ]
            ).checked()
            #expect(
                plan.description.contains("DELETE public.parts in database market, 60 rows (in 2 tables)"),
                "\(plan)")
        }
    }

    @Test func `tells all segments in order, whatever is read ahead of its turn`() throws {
        try ProductUnderTest.use("ahead") { product in
            let server = try product.create("shop", ["-d", "market"])
            let connection = try server.superuser(database: "market")
            try connection.execute("CREATE TABLE seen (id int); CREATE TABLE slow (id int)")
            let other = try server.superuser(database: "market")
            try other.execute("BEGIN")
            for round in 1...13 {
                try connection.execute("INSERT INTO seen SELECT generate_series(1, \(round))")
                try other.execute("INSERT INTO slow VALUES (\(round))")
                try connection.execute("SELECT pg_switch_wal()")
            }
            try other.execute("COMMIT")
            other.close()
            connection.close()
            // With so few rows the details are read, a few segments at a time.
            let told = Self.titles(try product.json("timeline", "-s", "shop", "--min-rows", "1"))
            #expect(
                told.filter { $0.hasPrefix("INSERT") }
                    == (1...13).map { "INSERT market.seen \($0)" } + ["INSERT market.slow 13"])
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

    @Test func `answers the same from indexes, from indexes made anew and from the WAL`() throws {
        try ProductUnderTest.use("indexes") { product in
            let server = try product.create("shop", ["-d", "market"])
            let connection = try server.superuser(database: "market")
            try connection.execute("CREATE TABLE orders (id int, note text)")
            try connection.execute("INSERT INTO orders SELECT n, 'x' FROM generate_series(1, 4000) n")
            // A transaction over three segments, and catalogs that move while others are archived.
            try connection.execute("BEGIN; UPDATE orders SET note = 'y' WHERE id <= 1000")
            try Self.archive(server)
            try connection.execute("UPDATE orders SET note = 'y' WHERE id > 1000 AND id <= 1100")
            try Self.archive(server)
            // A later stretch begins with this backup, inside of the transaction.
            try product.json("backup", "create", "-s", "shop", "-n", "inside")
            let moment = try connection.query("SELECT to_json(clock_timestamp())").scalar ?? ""
            try connection.execute("UPDATE orders SET note = 'z' WHERE id > 1100 AND id <= 1300; COMMIT")
            // A rewrite with changes before and after it, over three segments too.
            try connection.execute("BEGIN; DELETE FROM orders WHERE id <= 150")
            try Self.archive(server)
            try connection.execute("ALTER TABLE orders ALTER id TYPE bigint")
            try Self.archive(server)
            try connection.execute("INSERT INTO orders SELECT n, 'w' FROM generate_series(1, 120) n; COMMIT")
            for stage in [
                ["CREATE SCHEMA sales", "CREATE TABLE sales.bills (id int)", "VACUUM FULL pg_class"],
                ["CREATE TABLE after_class (id int)", "VACUUM FULL pg_namespace", "CREATE SCHEMA later"],
                ["CREATE TABLE later.t (id int)", "VACUUM FULL pg_namespace"],
                ["CREATE TABLE later.u (id int)", "INSERT INTO later.u SELECT generate_series(1, 50)"],
            ] {
                for statement in stage { try connection.execute(statement) }
                try Self.archive(server)
            }
            try connection.execute("DROP TABLE sales.bills")
            connection.close()

            let expected = [
                "CREATE TABLE market.orders", "INSERT market.orders 4000", "UPDATE market.orders 1300",
                "DELETE market.orders 150", "INSERT market.orders 120", "ALTER TABLE market.orders",
                "CREATE SCHEMA market.sales", "CREATE TABLE market.sales.bills",
                "CREATE TABLE market.after_class", "CREATE SCHEMA market.later",
                "CREATE TABLE market.later.t", "CREATE TABLE market.later.u", "INSERT market.later.u 50",
                "DROP TABLE market.sales.bills",
            ]
            func check(_ what: String, _ rows: Int) throws {
                let timeline = try product.json("timeline", "-s", "shop", "--min-rows", String(rows))
                let events = Self.titles(timeline).filter { !$0.hasPrefix("CREATE DATABASE") }
                #expect(events == expected.filter { rows <= 50 || !$0.contains("later.u 50") }, "\(what)")
                #expect((timeline["segments"]?.integer ?? 0) >= 6)
                #expect((timeline["segmentsRead"]?.integer ?? 99) <= 2)
            }
            let from = moment.filter { $0 != "\"" }
            let later = try product.json("timeline", "-s", "shop", "--from", from)
            #expect(Self.titles(later).first == "UPDATE market.orders 1300")
            try check("indexes, few rows", 1)
            try check("indexes", 100)
            let indexes = try Self.indexes(of: server)
            #expect(indexes.count >= 6)
            try Self.spoil(indexes)
            try check("no indexes, few rows", 1)
            try check("no indexes", 100)
        }
    }

    /// Removes every second file, and cuts off the others.
    private static func spoil(_ indexes: [String]) throws {
        for (number, path) in indexes.enumerated() {
            if number % 2 == 0 {
                _ = try DurableFiles.removeFile(path)
            } else {
                try RunAs().runChecked(Command("truncate", ["-s", "300", path]))
            }
        }
    }

    /// Ends the segment, and waits until it is in the archive.
    private static func archive(_ server: ManagedServer) throws {
        let connection = try server.superuser()
        defer { connection.close() }
        let name =
            try connection.query(
                "SELECT pg_walfile_name(pg_switch_wal())"
            ).scalar ?? ""
        let isThere = ProductUnderTest.eventually {
            DurableFiles.status(server.repository + "/wal/00000001/\(name).zst") != nil
        }
        #expect(isThere, "\(name)")
    }

    private static func indexes(of server: ManagedServer) throws -> [String] {
        let folder = server.repository + "/wal/00000001"
        return try DurableFiles.list(folder).filter { $0.hasSuffix(".index") }.sorted()
            .map { folder + "/" + $0 }
    }

    private static func titles(_ timeline: JSONValue) -> [String] {
        (timeline["events"]?.array ?? []).compactMap { event in
            guard let title = event["event"]?.string, event["action"] != "checkpoint" else { return nil }
            return title + (event["rows"]?.integer.map { " \($0)" } ?? "")
        }
    }
}
