public import Platform
public import PostgresClient
import TestValues

/// Writers that append to a ledger as applications do: bursts, idle stretches, long transactions, rollbacks,
/// subtransactions, two-phase commits and sequences. Every row knows the transaction that wrote it, so that
/// membership can be told without clocks.
public struct LedgerWorkload: Sendable {
    public static let writers = 4

    public static let schema = """
        CREATE TABLE ledger (
            writer int NOT NULL, step int NOT NULL, part int NOT NULL, n int NOT NULL,
            xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
            at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (writer, step, part));
        CREATE TABLE counter (writer int PRIMARY KEY, n int NOT NULL);
        CREATE TABLE filler (line text);
        CREATE SEQUENCE numbers;
        INSERT INTO counter SELECT g, 0 FROM generate_series(0, \(writers - 1)) g;
        """

    private let server: LedgerSource
    private let seed: UInt64

    public init(_ server: LedgerSource, seed: UInt64) {
        self.server = server
        self.seed = seed
    }

    /// Writes with all writers at once, `steps` steps each from number `first` on; `beside` runs meanwhile.
    public func run(
        from first: Int, steps: Int, beside: @escaping @Sendable () throws(Problem) -> Void = {}
    ) throws(Problem) {
        let workload = self
        try Workers.run(Self.writers + 1) { index throws(Problem) in
            if index == Self.writers {
                try beside()
            } else {
                try workload.write(index, first..<first + steps)
            }
        }
    }

    private func write(_ writer: Int, _ steps: Range<Int>) throws(Problem) {
        var random = SeededRandom(seed: seed &+ UInt64(writer) &* 7919 &+ UInt64(steps.lowerBound))
        let connection = try server.connect()
        defer { connection.close() }
        for step in steps { try self.step(connection, writer, step, &random) }
    }

    private func step(
        _ connection: Connection, _ writer: Int, _ step: Int, _ random: inout SeededRandom
    ) throws(Problem) {
        func append(_ part: Int) -> String {
            """
            WITH c AS (UPDATE counter SET n = n + 1 WHERE writer = \(writer) RETURNING n)
            INSERT INTO ledger (writer, step, part, n) SELECT \(writer), \(step), \(part), n FROM c;
            """
        }
        func idle(upTo milliseconds: Int) -> String {
            "SELECT pg_sleep(\(Double(Int.random(in: 1...milliseconds, using: &random)) / 1000));"
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35:
            try connection.execute(append(0))
        case 35..<40:
            try connection.execute(
                "BEGIN; SELECT setval('numbers', \(step * 10 + 1));" + append(0) + "COMMIT")
        case 40..<46:
            try twoPhase(connection, "\(writer)-\(step)", append(0) + append(1), idle(upTo: 60), &random)
        case 46..<55:
            for part in 0..<Int.random(in: 3...15, using: &random) { try connection.execute(append(part)) }
        case 55..<64:
            try connection.execute(idle(upTo: 150))
        case 64..<71:
            try connection.execute("BEGIN;" + append(0))
            try connection.execute(idle(upTo: 250))
            try connection.execute(append(1) + "COMMIT")
        case 71..<80:
            try connection.execute("BEGIN;" + append(0) + append(1) + "ROLLBACK")
        case 80..<90:
            try connection.execute("BEGIN;" + append(0) + "SAVEPOINT a;" + append(1))
            try connection.execute("ROLLBACK TO a;" + append(2) + "SAVEPOINT b;" + append(3))
            try connection.execute(Bool.random(using: &random) ? "COMMIT" : "RELEASE b; COMMIT")
        case 90..<95:
            try connection.execute(
                "INSERT INTO filler SELECT repeat(md5(g::text), 30) FROM generate_series(1, 2000) g;"
                    + append(0))
        default:
            let superuser = try server.superuser()
            defer { superuser.close() }
            try superuser.execute("SELECT pg_switch_wal()")
        }
    }

    /// A transaction that is prepared and then, some time later, committed or rolled back.
    private func twoPhase(
        _ connection: Connection, _ name: String, _ rows: String, _ idle: String, _ random: inout SeededRandom
    ) throws(Problem) {
        try connection.execute("BEGIN;" + rows + "PREPARE TRANSACTION '\(name)'")
        try connection.execute(idle)
        let end = Int.random(in: 0..<4, using: &random) == 0 ? "ROLLBACK" : "COMMIT"
        try connection.execute("\(end) PREPARED '\(name)'")
    }

    /// One line of the ledger: the transaction that wrote it, and the row as text.
    public struct Row: Sendable, Hashable {
        public let xid: UInt32
        public let text: String
    }

    /// All rows in a fixed order; nil where there is no ledger (yet).
    public static func rows(_ connection: Connection) throws(Problem) -> [Row]? {
        guard try connection.query("SELECT to_regclass('ledger')::text").scalar != nil else { return nil }
        try connection.execute("SET timezone = 'UTC'")
        return try connection.query(
            "SELECT xid, concat_ws(' ', writer, step, part, n, xid, at) FROM ledger ORDER BY writer, step, part"
        ).rows.map { row throws(Problem) in
            guard let xid = row[0].flatMap({ UInt32($0) }), let text = row[1] else {
                throw Problem(.system, "the ledger holds a null")
            }
            return Row(xid: xid, text: text)
        }
    }

    /// The writers whose counter is not that of their last row: none, where every transaction is there as a
    /// whole.
    public static func tornWriters(_ connection: Connection) throws(Problem) -> [String] {
        try connection.query(
            """
            SELECT writer::text FROM counter c
            WHERE n <> (SELECT coalesce(max(n), 0) FROM ledger l WHERE l.writer = c.writer)
            """
        ).firstColumn
    }
}
