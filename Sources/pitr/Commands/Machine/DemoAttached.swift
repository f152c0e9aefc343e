import ControlPlane
import Glibc
import Notation
import Planning
import Platform
import PostgresClient
import PostgresFormat
import ServiceModel

/// The same story of a server that was there already: others write to it all the time, and nothing is changed
/// there but a role and a slot.
struct DemoAttached {
    private static let name = "shop"
    private static let source = ServerReference(resourceGroup: Demo.group, name: name)
    private static let copy = ServerReference(resourceGroup: Demo.group, name: "shop-restored")
    private static let superuser = "boss"

    let controlPlane: ControlPlane
    let say: (String) -> Void
    private let watch = Stopwatch()
    private let runner = SystemCommands()
    private let folder: String
    private let programs: String

    static func run(_ controlPlane: ControlPlane, _ say: @escaping (String) -> Void) throws {
        try DemoAttached(controlPlane: controlPlane, say: say).run()
    }

    private init(controlPlane: ControlPlane, say: @escaping (String) -> Void) throws {
        self.controlPlane = controlPlane
        self.say = say
        programs = try controlPlane.newestPrograms()
        folder = try Self.makeFolder()
    }

    private func run() throws {
        try Demo.requireFreeNames([Self.source.name, Self.copy.name], controlPlane)
        removeServers()
        defer { cleanUp() }
        try makeSource()
        let load = try beginLoad()
        defer { kill(load, SIGTERM) }
        try attach()
        try controlPlane.receiving(Self.source) {
            let before = try mistake()
            let result = try restore(before)
            try compare(result, before)
            say("6. The evidence, kept with the new server ('pitr show -o json' and the activity log):")
            Demo.tell(result.evidence, say)
        }
        say("")
        say("Everything is removed again, the server too. \(Demo.seconds(watch.seconds)) in all.")
    }

    // MARK: Someone else's server

    private static func makeFolder() throws(Problem) -> String {
        var template = Array("/tmp/pitr-demo.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Problem.system("cannot make a folder", "/tmp", errno)
        }
        return String(cString: made)
    }

    private func makeSource() throws {
        say("1. A PostgreSQL that pitr did not make; two clients write to it all the time.")
        try tool(
            "initdb", ["-D", folder + "/data", "-U", Self.superuser, "-A", "trust", "--no-instructions"])
        try tool(
            "pg_ctl",
            [
                "start", "-D", folder + "/data", "-w", "-l", folder + "/log", "-o",
                "-c listen_addresses= -c max_slot_wal_keep_size=1GB -k \(folder)",
            ])
        try connect().execute(
            """
            CREATE ROLE pitr_backup LOGIN REPLICATION;
            CREATE TABLE orders AS SELECT n AS id, 100 + n % 9900 AS cents FROM generate_series(1, 20000) AS n;
            CREATE TABLE payments (id int GENERATED ALWAYS AS IDENTITY, cents int,
                paid timestamptz NOT NULL DEFAULT clock_timestamp())
            """)
    }

    /// pgbench with a script of its own, until it is ended.
    private func beginLoad() throws(Problem) -> Int32 {
        let script = folder + "/load.sql"
        try DurableFiles.write(
            Array("INSERT INTO payments (cents) SELECT 100 FROM generate_series(1, 5);\n".utf8), to: script,
            durable: false)
        return try runner.spawnDetached(
            Command(
                programs + "/pgbench",
                [
                    "-n", "-c", "2", "-T", "600", "-R", "400", "-f", script, "-h", folder, "-U",
                    Self.superuser,
                    "postgres",
                ], workingDirectory: "/"), log: folder + "/load.log")
    }

    private func tool(_ name: String, _ arguments: [String]) throws(Problem) {
        let command = Command(
            programs + "/" + name, arguments, workingDirectory: "/", timeoutSeconds: 60)
        try runner.runChecked(command)
    }

    private func connect() throws(Problem) -> Connection {
        try Connection(ConnectionParameters(host: folder, user: Self.superuser))
    }

    // MARK: The story

    private func attach() throws {
        say("2. pitr attach -g \(Demo.group) -n \(Self.name) --host \(folder) -U pitr_backup --fast")
        var request = AttachRequest(
            resourceGroup: Demo.group, name: Self.name,
            addresses: [SourceAddress(host: folder, port: 5432)], user: "pitr_backup")
        request.isFast = true
        _ = try controlPlane.createGroup(name: Demo.group, location: nil, tags: ["purpose": "demo"])
        _ = try controlPlane.attach(request)
        guard let backup = try controlPlane.listBackups(Self.source).first else {
            throw Problem(.noUsableBackup, "the first backup was not taken")
        }
        say("   \(backup.name): \(ByteText.of(backup.totalBytes)) by the replication protocol, and a slot")
        say("   nothing else there is changed: no setting, no restart, no archive_command, no superuser")
    }

    private struct Before {
        var time: String
        var digest: String
        var payments: Int
    }

    private static let digest = "md5(string_agg(orders::text, '|' ORDER BY id))"

    private func mistake() throws -> Before {
        let session = try connect()
        let rows = try session.query(
            """
            SELECT \(Self.digest) AS digest, (SELECT count(*) FROM payments)::text AS payments,
                to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time
            FROM orders
            """)
        guard let digest = rows[0, "digest"], let time = rows[0, "time"],
            let payments = rows[0, "payments"].flatMap({ Int($0) })
        else { throw Problem(.queryFailed, "the shop does not know its own orders") }
        say("3. 20000 orders at \(time). Then the mistake: DROP TABLE orders, while payments keep coming in.")
        try session.execute("DROP TABLE orders")
        if let state = try controlPlane.showServer(Self.source).attached, let rpo = state.rpoSeconds {
            let lost = ByteText.decimals(rpo, 1)
            say("   with the server itself \(lost) s would be lost now: its WAL is received as it is written")
        }
        return Before(time: time, digest: digest, payments: payments)
    }

    private func restore(_ before: Before) throws -> RestoreResult {
        say(
            "4. pitr restore -g \(Demo.group) -n shop-restored --source-server \(Self.name) "
                + "--restore-time \(before.time)")
        var request = RestoreRequest(
            resourceGroup: Demo.group, sourceServer: Self.name,
            target: .time(try RequestedTime(before.time, now: SystemWallClock().now())))
        request.name = Self.copy.name
        return try controlPlane.restore(request) { planned in
            let wal = ByteText.of(planned.plan.walBytes)
            say("   plan: \(planned.plan.backupName), then \(wal) of WAL up to the last record inside")
        }
    }

    private func compare(_ result: RestoreResult, _ before: Before) throws {
        say("5. Both servers answer the same questions:")
        let copy = try Connection(
            ConnectionParameters(host: result.server.socketDirectory, user: "azuresu"))
        let query =
            "SELECT coalesce(to_regclass('orders')::text, '') AS orders, "
            + "(SELECT count(*) FROM payments)::text AS payments"
        let there = try connect().query(query)
        let here = try copy.query(query)
        let digest = try copy.query("SELECT \(Self.digest) AS digest FROM orders")
        guard digest[0, "digest"] == before.digest, there[0, "orders"] == "",
            let paid = here[0, "payments"].flatMap({ Int($0) }), paid >= before.payments,
            let later = there[0, "payments"].flatMap({ Int($0) }), later > paid
        else { throw Problem(.recoveryFailed, "the copy is not what the source was") }
        let lines = [
            ("", "table orders", "payments"),
            (Self.name, "no such table", "\(later), and more come in"),
            ("shop-restored", "20000 rows, same checksum", "\(paid), those of that moment"),
        ]
        for (server, orders, payments) in lines {
            say("   " + Demo.padded(server, 19) + Demo.padded(orders, 34) + payments)
        }
    }

    // MARK: Afterwards

    private func removeServers() {
        for server in [Self.copy, Self.source] {
            // What is not there, or cannot be removed now, the next run finds.
            _ = try? controlPlane.deleteServer(server)
        }
        try? controlPlane.deleteGroup(Demo.group)
        _ = try? controlPlane.forgetDeleted(resourceGroup: Demo.group)
    }

    private func cleanUp() {
        removeServers()
        // It may not run.
        try? tool("pg_ctl", ["stop", "-D", folder + "/data", "-m", "immediate", "-w"])
        try? DurableFiles.removeTree(folder)
    }
}
