import ControlPlane
import Notation
import Planning
import Platform
import PostgresClient
import PostgresFormat
import ServiceModel

/// The story that `pitr demo` tells: real servers, a real mistake, a real restore.
struct Demo {
    static let group = "pitr-demo"
    private static let source = ServerReference(resourceGroup: group, name: "orders")
    private static let copy = ServerReference(resourceGroup: group, name: "orders-restored")

    let controlPlane: ControlPlane
    let say: (String) -> Void
    private let watch = Stopwatch()

    init(controlPlane: ControlPlane, say: @escaping (String) -> Void) {
        self.controlPlane = controlPlane
        self.say = say
    }

    static func run(_ controlPlane: ControlPlane, keep: Bool, _ say: @escaping (String) -> Void) throws {
        let demo = Demo(controlPlane: controlPlane, say: say)
        do {
            try demo.run(keep: keep)
        } catch {
            demo.cleanUp()
            throw error
        }
    }

    private func run(keep: Bool) throws {
        try Self.requireFreeNames([Self.source.name, Self.copy.name], controlPlane)
        cleanUp()
        let created = try makeServer()
        let before = try work(created)
        let result = try restore(before)
        try compare(created, result, before)
        say("6. The evidence, kept with the new server ('pitr show -o json' and the activity log):")
        Self.tell(result.evidence, say)
        if keep {
            say("")
            say("Both servers stay. Look for yourself:")
            say("  psql '\(created.connectionString)'")
            say("  pitr show -g \(Self.group) -n orders-restored")
            say("  pitr delete -g \(Self.group) -n orders-restored --yes    (and the same for orders)")
        } else {
            cleanUp()
            say("")
            say(
                "Both servers are deleted again (--keep would keep them). \(Self.seconds(watch.seconds)) in all."
            )
        }
    }

    /// Names are unique over all groups; what has the demo's names outside its own group is not the demo's.
    static func requireFreeNames(_ mine: [String], _ controlPlane: ControlPlane) throws {
        let taken = try controlPlane.listServers(resourceGroup: nil).filter { server in
            mine.contains(server.name) && server.resourceGroup != group
        }
        guard let first = taken.first else { return }
        throw Problem(
            .serverNameAlreadyExists,
            "the demo makes servers named '\(mine.joined(separator: "' and '"))', "
                + "and '\(first.name)' is one of yours",
            detail: "it is in the resource group '\(first.resourceGroup)'",
            hint: "Run the demo in a folder of its own: 'pitr demo --home /var/tmp/pitr-demo'.")
    }

    /// Removes what an earlier run may have left; the group is the demo's own.
    private func cleanUp() {
        for server in [Self.copy, Self.source] {
            _ = try? controlPlane.deleteServer(server)
        }
        try? controlPlane.deleteGroup(Self.group)
        _ = try? controlPlane.forgetDeleted(resourceGroup: Self.group)
    }

    // MARK: The story

    private func makeServer() throws -> CreatedServer {
        say("1. A server is made, as 'pitr create' does it, and its first base backup is taken.")
        _ = try controlPlane.createGroup(name: Self.group, location: nil, tags: ["purpose": "demo"])
        var request = CreateServerRequest(resourceGroup: Self.group)
        request.name = Self.source.name
        request.adminUser = "shopkeeper"
        let created = try controlPlane.createServer(request)
        let backups = try controlPlane.listBackups(Self.source)
        guard let backup = backups.first else {
            throw Problem(.noUsableBackup, "the first backup was not taken", detail: created.notes.joined())
        }
        say(
            "   orders: PostgreSQL \(created.server.postgresVersion) at \(created.server.host), TLS, WAL archived"
        )
        say("   \(backup.name): \(ByteText.of(backup.totalBytes)), complete at \(backup.completedTime)")
        return created
    }

    /// What was there just before the mistake, as the source itself said.
    private struct Before {
        var time: String
        var orders: String
        var digest: String
    }

    private static let digest = "md5(string_agg(orders::text, '|' ORDER BY id))"

    private func connect(_ created: CreatedServer, to server: ServerDetails) throws -> Connection {
        try Connection(
            ConnectionParameters(
                host: server.host, port: UInt16(clamping: server.port), user: "shopkeeper",
                database: "postgres", password: created.password, sslMode: "require"))
    }

    private func work(_ created: CreatedServer) throws -> Before {
        say("2. A shop works on it: customers and orders, committed in small transactions.")
        let shop = try connect(created, to: created.server)
        try shop.execute(
            """
            CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
            CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                customer int NOT NULL REFERENCES customers, cents int NOT NULL,
                placed timestamptz NOT NULL DEFAULT clock_timestamp());
            CREATE TABLE payments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, cents int NOT NULL,
                paid timestamptz NOT NULL DEFAULT clock_timestamp());
            INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 500) AS n
            """)
        for _ in 0..<400 {
            try shop.execute(
                """
                INSERT INTO orders (customer, cents)
                    SELECT 1 + (random() * 499)::int, 100 + (random() * 9900)::int FROM generate_series(1, 50)
                """)
        }
        let rows = try shop.query(
            """
            SELECT count(*)::text AS orders, \(Self.digest) AS digest,
                to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time
            FROM orders
            """)
        guard let orders = rows[0, "orders"], let digest = rows[0, "digest"], let time = rows[0, "time"]
        else {
            throw Problem(.queryFailed, "the shop does not know its own orders")
        }
        say("   \(orders) orders at \(time): that instant is worth remembering")
        say("3. The mistake: DROP TABLE orders. Nobody notices at once, and good payments keep coming in.")
        try shop.execute("DROP TABLE orders")
        for _ in 0..<200 {
            try shop.execute("INSERT INTO payments (cents) SELECT 100 FROM generate_series(1, 5)")
        }
        return Before(time: time, orders: orders, digest: digest)
    }

    private func restore(_ before: Before) throws -> RestoreResult {
        say(
            "4. pitr restore -g \(Self.group) -n orders-restored --source-server orders "
                + "--restore-time \(before.time)")
        var request = RestoreRequest(
            resourceGroup: Self.group, sourceServer: Self.source.name,
            target: .time(try RequestedTime(before.time, now: SystemWallClock().now())))
        request.name = Self.copy.name
        let result = try controlPlane.restore(request) { planned in
            let plan = planned.plan
            say(
                "   plan: \(plan.backupName), then \(ByteText.of(plan.walBytes)) of WAL up to the last record inside"
            )
            if let outside = plan.firstOutside {
                say(
                    "   left out: everything from the \(outside.kind) of transaction \(outside.xid) at \(outside.time)"
                )
            }
        }
        let rule = FirewallRule(name: "demo", startIPAddress: "127.0.0.1", endIPAddress: "127.0.0.1")
        _ = try controlPlane.createFirewallRule(Self.copy, rule)
        return result
    }

    private func compare(_ created: CreatedServer, _ result: RestoreResult, _ before: Before) throws {
        say("5. Both servers answer the same questions:")
        let query =
            "SELECT coalesce(to_regclass('orders')::text, 'no such table') AS orders, "
            + "(SELECT count(*) FROM payments)::text AS payments"
        let source = try connect(created, to: created.server).query(query)
        let restored = try connect(created, to: result.server)
        let copy = try restored.query(query)
        let rows = try restored.query("SELECT count(*)::text AS orders, \(Self.digest) AS digest FROM orders")
        guard rows[0, "orders"] == before.orders, rows[0, "digest"] == before.digest,
            copy[0, "payments"] == "0", source[0, "payments"] == "1000",
            source[0, "orders"] == "no such table"
        else { throw Problem(.recoveryFailed, "the copy is not what the source was") }
        let lines = [
            ("", "table orders", "payments since"),
            ("orders", "no such table", "1000, all still there"),
            ("orders-restored", "\(before.orders) rows, same checksum", "0, they came later"),
        ]
        for (server, orders, payments) in lines {
            say("   " + Self.padded(server, 19) + Self.padded(orders, 34) + payments)
        }
    }

    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    static func tell(_ evidence: RestoreEvidence, _ say: (String) -> Void) {
        if let inside = evidence.lastCommitInside {
            say("   last inside     \(inside.kind) of \(inside.xid) at \(inside.time), \(inside.lsn)")
        }
        if let outside = evidence.firstExcluded {
            say("   first left out  \(outside.kind) of \(outside.xid) at \(outside.time), \(outside.lsn)")
        }
        say(
            "   PostgreSQL      stopped \(evidence.postgresReason); timeline "
                + "\(evidence.timelineBefore) became \(evidence.timelineAfter)")
        for check in evidence.checks { say("   checked         \(check)") }
        let steps = evidence.steps.map { "\($0.name) \(seconds($0.seconds))" }.joined(separator: ", ")
        say("   time            \(seconds(evidence.totalSeconds)): \(steps)")
    }

    static func seconds(_ value: Double) -> String {
        ByteText.decimals(value, 2) + " s"
    }
}
