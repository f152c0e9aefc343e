import ControlPlane
import Notation
import Platform
import PostgresClient
import ServiceModel

/// The shop that a practice is about: what it has, what went wrong, and whether that is made good.
struct PracticeShop {
    /// What a look found.
    enum Verdict: Equatable {
        case done(String)
        /// What is not right yet; nil where there is nothing to see yet.
        case open(String?)
    }

    static let source = ServerReference(resourceGroup: Demo.group, name: "orders")
    static let admin = "shopkeeper"
    private static let orders = 20_000
    private static let products = 1_000
    private static let payments = 1_000
    /// The product whose price was set anew after the mistake, and to what.
    private static let repriced = (id: 7, cents: 4_711)
    /// By its number alone, so that nobody has to remember what was there.
    private static let orderCents = "100 + (id * 61) % 9900"
    private static let productCents = "100 + (id * 37) % 9900"

    let controlPlane: ControlPlane

    static let tasks = [
        Practice.Task(
            "Bring a dropped table back, on a server of its own",
            [
                "Somebody dropped the table 'orders' on the server 'orders'. Payments came in since, so the "
                    + "server itself stays as it is.",
                "Make a new server from it, as it was just before that: Timeline shows the DROP TABLE, and "
                    + "Restore takes a time as well.",
            ]),
        Practice.Task(
            "Take a wrong change back, and nothing else",
            [
                "An UPDATE without WHERE has made every price in 'products' 1 cent. The price of product "
                    + "\(repriced.id) was set since then, on purpose, and stays.",
                "On the server 'orders', Undo finds the update of products. Leave the rows in conflict as they "
                    + "are, have the script written and proved, and run it as the page says. The terminal has "
                    + "the password for that.",
            ]),
        Practice.Task(
            "Bring a deleted server back",
            [
                "Now the server 'orders' has been deleted, with everything on it. Its clients know it by that "
                    + "name.",
                "Deleted servers, Restore: under the name it had.",
            ]),
    ]

    private static func connect(_ server: ServerDetails) throws -> Connection {
        try Connection(ConnectionParameters(host: server.socketDirectory, user: "azuresu"))
    }

    // MARK: What happens

    /// Work, two mistakes, and more work behind them.
    func open(_ server: ServerDetails) throws {
        let shop = try Self.connect(server)
        try shop.execute(
            """
            SET ROLE \(Self.admin);
            CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, cents int NOT NULL);
            INSERT INTO products SELECT id, 'product ' || id, \(Self.productCents)
                FROM generate_series(1, \(Self.products)) AS id;
            CREATE TABLE orders (id int PRIMARY KEY, cents int NOT NULL);
            CREATE TABLE payments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, cents int NOT NULL)
            """)
        for part in 0..<100 {
            let first = part * Self.orders / 100 + 1
            try shop.execute(
                "INSERT INTO orders SELECT id, \(Self.orderCents) "
                    + "FROM generate_series(\(first), \(first + Self.orders / 100 - 1)) AS id")
        }
        try shop.execute("UPDATE products SET cents = 1")
        try shop.execute(
            "UPDATE products SET cents = \(Self.repriced.cents) WHERE id = \(Self.repriced.id)")
        try shop.execute("DROP TABLE orders")
        for _ in 0..<100 {
            try shop.execute(
                "INSERT INTO payments (cents) SELECT 100 FROM generate_series(1, \(Self.payments / 100))")
        }
    }

    // MARK: What was made good

    /// Whether a copy has the table as it was.
    func judgeCopy(_ copy: ServerDetails) throws -> Verdict {
        let there = try Self.connect(copy)
        guard try there.query("SELECT to_regclass('orders')::text AS name")[0, "name"] != nil else {
            return .open(
                "'\(copy.name)' has no table 'orders': it is of a moment before it or after the DROP")
        }
        let rows = try there.query(
            """
            SELECT count(*)::text AS orders, count(*) FILTER (WHERE cents <> \(Self.orderCents))::text AS other
            FROM orders
            """)
        let count = rows[0, "orders"] ?? "0"
        guard count == "\(Self.orders)", rows[0, "other"] == "0" else {
            return .open("'\(copy.name)' has \(count) of \(Self.orders) orders: the others came later")
        }
        return .done("'\(copy.name)' has all \(Self.orders) orders")
    }

    /// Whether the source has its prices again, and what came since.
    func judgePrices() throws -> Verdict {
        let rows = try Self.connect(controlPlane.server(Self.source)).query(
            """
            SELECT count(*) FILTER (WHERE id <> \(Self.repriced.id) AND cents <> \(Self.productCents))::text
                    AS wrong,
                count(*) FILTER (WHERE cents = 1)::text AS untouched, count(*)::text AS products,
                max(cents) FILTER (WHERE id = \(Self.repriced.id))::text AS repriced,
                (SELECT count(*) FROM payments)::text AS payments
            FROM products
            """)
        if rows[0, "untouched"] == "\(Self.products - 1)" { return .open(nil) }
        guard rows[0, "products"] == "\(Self.products)", rows[0, "payments"] == "\(Self.payments)" else {
            return .open("there are other products or payments than before")
        }
        if let wrong = rows[0, "wrong"], wrong != "0" {
            return .open("\(wrong) prices are not what they were before the update")
        }
        guard rows[0, "repriced"] == "\(Self.repriced.cents)" else {
            return .open(
                "product \(Self.repriced.id) is to cost \(Self.repriced.cents) cents, as it was set afterwards"
            )
        }
        return .done("all prices are back, and what came since is there")
    }

    /// Whether the deleted server has come back as itself.
    ///
    /// - Parameter known: ids of the servers that were there when it was deleted.
    func judgeReturn(known: Set<String>) throws -> Verdict {
        let fresh = try controlPlane.listServers(resourceGroup: nil).filter {
            !known.contains($0.id) && $0.state == .ready && $0.restoredFrom?.sourceServer == Self.source.name
        }
        guard
            let back = fresh.first(where: {
                $0.name == Self.source.name && $0.resourceGroup == Demo.group
            })
        else {
            return .open(
                fresh.first.map { "'\($0.name)' is there, and clients look for '\(Self.source.name)'" })
        }
        guard try Self.payments(back) == Self.payments else {
            return .open("'\(back.name)' is not as it was at its end: payments are missing")
        }
        return .done("'\(back.name)' is back, with all that was on it")
    }

    /// Zero where there is no such table.
    private static func payments(_ server: ServerDetails) throws -> Int {
        let there = try connect(server)
        guard try there.query("SELECT to_regclass('payments')::text AS name")[0, "name"] != nil else {
            return 0
        }
        return try there.query("SELECT count(*)::text AS count FROM payments")[0, "count"].flatMap { Int($0) }
            ?? 0
    }
}
