import Platform
import PostgresClient
import PostgresFormat
import Synchronization
import TestKit
import Testing
import WALEvents

/// `INSERT … ON CONFLICT` that finds no conflict, puts its row into the table, and meets somebody else's key
/// when it comes to the index: the row is taken back, and was never inserted as far as SQL is concerned.
@Suite(.serialized) struct SpeculativeInsertTests {
    @Test(
        arguments: ObservedServer.versions, ["DO NOTHING", "DO UPDATE SET note = 'again'"])
    func `a row that is taken back within its statement is none`(
        _ version: WALVersion, _ resolution: String
    ) throws {
        let server = try ObservedServer(version) { fixture in
            try fixture.psql("CREATE DATABASE shop")
            try fixture.psql(Self.definitions, database: "shop")
        }
        let reported = try Self.race(server.fixture, resolution)
        let file = try server.fixture.psql("SELECT pg_relation_filenode('taken')", database: "shop")
        #expect(
            try server.fixture.psql("SELECT key, note FROM taken ORDER BY key", database: "shop")
                == (resolution == "DO NOTHING" ? "a|theirs\nb|mine\nc|mine" : "a|again\nb|mine\nc|mine"))

        var insertions = 0
        var takenBack = 0
        try server.forEachRecord { record in
            guard String(record.firstRelation?.number ?? 0) == file else { return }
            switch record.heapOperation {
            case .insert(let insertion)?: insertions += insertion.isSpeculative ? 1 : 0
            case .delete(let deletion)?: takenBack += deletion.isSuper ? 1 : 0
            default: break
            }
        }
        #expect(insertions == 3 && takenBack == 1, "the WAL must hold what this is about")
        let (events, _) = try server.read()
        let found = events.filter(\.changesRows).map {
            ObservedServer.Statement(title: $0.title, rows: $0.rows, xid: $0.xid)
        }
        #expect(Set(found) == Set(reported) && found.count == reported.count)
        try Self.checkIndexes(server, reported)
    }

    /// The counts that a push would store are the same.
    private static func checkIndexes(
        _ server: ObservedServer, _ reported: [ObservedServer.Statement]
    ) throws {
        let file = try server.fixture.psql("SELECT pg_relation_filenode('taken')", database: "shop")
        var sums: [TransactionID: TransactionChange] = [:]
        for change in try server.indexes().flatMap({ $0.detail?.changes ?? [] })
        where String(change.relation.number) == file {
            sums[change.xid, default: TransactionChange(xid: change.xid, relation: change.relation)]
                .add(change)
        }
        for statement in reported {
            let sum = sums[statement.xid]
            #expect(
                statement.rows == (statement.title.hasPrefix("INSERT") ? sum?.inserted : sum?.updated),
                "\(statement)")
        }
        #expect(Set(sums.keys) == Set(reported.map(\.xid)))
        #expect(sums.values.allSatisfy { $0.deleted == 0 })
    }

    // MARK: The race

    /// The index asks a function for its key: once to look for a conflict, and again to enter the row. The
    /// second time it waits, in the session that says so.
    private static let definitions = """
        CREATE FUNCTION key_of(given text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
        DECLARE
            calls int := coalesce(nullif(current_setting('race.calls', true), ''), '0')::int + 1;
        BEGIN
            IF current_setting('race.waits', true) = 'yes' THEN
                PERFORM set_config('race.calls', calls::text, false);
                IF calls = 2 THEN PERFORM pg_advisory_lock_shared(2); END IF;
            END IF;
            RETURN given;
        END $$;
        CREATE TABLE taken (key text, note text);
        CREATE UNIQUE INDEX ON taken (key_of(key));
        """

    /// Lets one session come between another one's look at the index and its entry, and returns what SQL
    /// reported to both.
    private static func race(
        _ fixture: PostgresFixture, _ resolution: String
    ) throws -> [ObservedServer.Statement] {
        let reported = Mutex<[ObservedServer.Statement]>([])
        let gate = try ObservedServer.connect(fixture, "shop")
        defer { gate.close() }
        try gate.execute("SELECT pg_advisory_lock(2)")
        let pid = try gate.query("SELECT pg_backend_pid()").scalar ?? ""
        try Workers.run(2) { (place) throws(Problem) in
            let statements =
                try place == 0
                ? Self.waitingSession(fixture, resolution) : Self.quickSession(fixture, gate: pid)
            reported.withLock { $0 += statements }
        }
        return reported.withLock { $0 }
    }

    /// Inserts three keys; the first is taken while it waits.
    private static func waitingSession(
        _ fixture: PostgresFixture, _ resolution: String
    ) throws(Problem) -> [ObservedServer.Statement] {
        let connection = try ObservedServer.connect(fixture, "shop")
        defer { connection.close() }
        try connection.execute("SET race.waits = 'yes'; SET statement_timeout = '60s'; BEGIN")
        // Of a row that was there before, `xmax` tells who locked it to update it.
        let counts =
            try connection.query(
                """
                WITH done AS (
                    INSERT INTO taken VALUES ('a', 'mine'), ('b', 'mine'), ('c', 'mine')
                        ON CONFLICT (key_of(key)) \(resolution) RETURNING xmax::text = '0' AS is_new
                ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM done
                """
            ).rows.first ?? []
        let xid = try Self.transaction(of: connection)
        try connection.execute("COMMIT")
        let titles = ["INSERT shop.taken", "UPDATE shop.taken"]
        return zip(titles, counts).compactMap { title, count in
            guard let rows = count.flatMap({ Int64($0) }), rows > 0 else { return nil }
            return ObservedServer.Statement(title: title, rows: rows, xid: xid)
        }
    }

    /// Takes the first key once the other session waits, then lets it go on by ending the one that keeps it.
    private static func quickSession(
        _ fixture: PostgresFixture, gate: String
    ) throws(Problem) -> [ObservedServer.Statement] {
        let connection = try ObservedServer.connect(fixture, "shop")
        defer { connection.close() }
        let isWaiting = ProductUnderTest.eventually {
            (try? connection.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))?
                .scalar != nil
        }
        guard isWaiting else { throw Problem(.system, "nobody waits at the index") }
        try connection.execute("BEGIN; INSERT INTO taken VALUES ('a', 'theirs')")
        let xid = try Self.transaction(of: connection)
        try connection.execute("COMMIT; SELECT pg_terminate_backend(\(gate))")
        return [ObservedServer.Statement(title: "INSERT shop.taken", rows: 1, xid: xid)]
    }

    private static func transaction(of connection: Connection) throws(Problem) -> TransactionID {
        let text = try connection.query("SELECT pg_current_xact_id()::xid::text").scalar
        return TransactionID(text.flatMap { UInt32($0) } ?? 0)
    }
}
