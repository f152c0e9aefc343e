import PostgresClient
import PostgresFormat
import TestKit
import Testing
import WALEvents

/// Events read from the WAL are exactly those that SQL reported: the same set of event, relation, rows and
/// transaction, with nothing for what was rolled back or only looks like an event.
@Suite(.serialized) struct EventOracleTests {
    @Test(arguments: ObservedServer.versions)
    func `events equal what the statements reported`(_ version: WALVersion) throws {
        try Self.compare(Self.workedServer(version, [:]))
    }

    @Test func `the same with logical and compressed WAL`() throws {
        try Self.compare(Self.workedServer(.v15, ["wal_level": "logical", "wal_compression": "pglz"]))
    }

    private static func compare(_ server: ObservedServer) throws {
        let (events, _) = try server.read()
        compare(events, server, "the WAL")
        compare(try server.readByIndexes().events, server, "indexes")
        for event in events where event.changesRows || event.action == .truncate {
            #expect(event.boundary == event.commit && event.record < event.boundary, "\(event)")
        }
        checkDroppedDatabase(events)
    }

    private static func compare(_ events: [WALEvent], _ server: ObservedServer, _ source: String) {
        let found = events.filter { !serversOwn.contains($0.action) }.map(statement)
        let expected = server.statements
        var missing = expected
        var surplus: [ObservedServer.Statement] = []
        for statement in found {
            if let index = missing.firstIndex(where: { isSame($0, statement) }) {
                missing.remove(at: index)
            } else {
                surplus.append(statement)
            }
        }
        #expect(missing.isEmpty, "not found in \(source): \(missing)")
        #expect(surplus.isEmpty, "nobody reported, \(source): \(surplus)")
    }

    @Test func `only changes of many rows are events when few are not asked for`() throws {
        let server = try ObservedServer { fixture in try fixture.psql("CREATE TABLE t (id int)") }
        try server.quietly("INSERT INTO t SELECT generate_series(1, 99)")
        try server.note(
            "INSERT postgres.t", in: "postgres", "INSERT INTO t SELECT generate_series(1, 100)",
            counting: true)
        let (events, _) = try server.read(minimumRows: 100)
        #expect(
            events.filter { !Self.serversOwn.contains($0.action) }.map(Self.statement) == server.statements)
    }

    @Test(arguments: ObservedServer.versions)
    func `checkpoints are events where the server says that it made them`(_ version: WALVersion) throws {
        let server = try ObservedServer(version) { _ in }
        func made() throws -> String {
            try server.fixture.psql(
                """
                SELECT checkpoint_lsn || ' redo ' || redo_lsn || ' ' || extract(epoch FROM checkpoint_time)::bigint
                    FROM pg_control_checkpoint()
                """)
        }
        // The backup begins with one.
        var expected = [try made()]
        for round in 1...3 {
            try server.quietly("CREATE TABLE t\(round) AS SELECT generate_series(1, 500); CHECKPOINT")
            expected.append(try made())
        }
        try server.fixture.stop()
        try server.fixture.start()
        expected.append(try made() + " shutdown")
        let (events, _) = try server.read()
        let found = events.filter { $0.action == .checkpoint }
        #expect(
            found.map { event in
                let redo = event.details.first ?? ""
                let seconds = (event.time?.unixMicroseconds ?? 0) / 1_000_000
                return ([event.record.description, redo, String(seconds)] + event.details.dropFirst())
                    .joined(separator: " ")
            } == expected)
        #expect(found.allSatisfy { $0.boundary == $0.record && $0.commit == nil && $0.xid == .none })
    }

    /// What the server does by itself and no statement reports.
    private static let serversOwn: Set<WALEvent.Action> = [.parameterChange, .checkpoint]

    // MARK: Comparing

    private static func statement(_ event: WALEvent) -> ObservedServer.Statement {
        ObservedServer.Statement(title: event.title, rows: event.rows, xid: event.xid)
    }

    private static func isSame(
        _ noted: ObservedServer.Statement, _ found: ObservedServer.Statement
    ) -> Bool {
        noted.title == found.title && noted.rows == found.rows
            && (noted.xid == .none || noted.xid == found.xid)
    }

    /// A dropped database is gone with its own record, and unusable even before it.
    private static func checkDroppedDatabase(_ events: [WALEvent]) {
        let drops = events.filter { $0.action == .drop && $0.subject == .database }
        #expect(!drops.isEmpty)
        for drop in drops {
            #expect(drop.commit.map { drop.record < $0 } ?? false)
            #expect(drop.boundary < drop.record, "the mark that the database is invalid comes first")
        }
    }

    // MARK: The workload

    private static func workedServer(
        _ version: WALVersion, _ settings: [String: String]
    ) throws -> ObservedServer {
        let server = try ObservedServer(version, settings: settings) { fixture in
            try fixture.psql("CREATE DATABASE shop; CREATE DATABASE doomed")
            try fixture.psql(
                """
                CREATE TABLE orders (id int PRIMARY KEY, note text);
                CREATE TABLE payments (id int PRIMARY KEY, amount int);
                CREATE TABLE wide (id int, note text);
                CREATE TABLE ledger (id int, amount int); CREATE INDEX ON ledger (id);
                INSERT INTO ledger SELECT n, n FROM generate_series(1, 30000) n;
                ALTER TABLE wide ALTER note SET STORAGE external;
                INSERT INTO orders SELECT n, 'x' FROM generate_series(1, 9000) n;
                INSERT INTO payments SELECT n, n FROM generate_series(1, 3000) n;
                CREATE TABLE parts (id int, kind int) PARTITION BY LIST (kind);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
                CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
                INSERT INTO parts SELECT n, 1 FROM generate_series(1, 50) n;
                CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders;
                CREATE UNIQUE INDEX ON totals (count);
                CREATE VIEW seen AS SELECT id FROM orders;
                CREATE SCHEMA "Sales 2"; CREATE TABLE "Sales 2"."Order Items" (id int);
                """, database: "shop")
        }
        try rows(server)
        try rewrites(server)
        try definitions(server)
        try negatives(server)
        try databases(server)
        return server
    }

    private static func rows(_ server: ObservedServer) throws {
        try server.note(
            "DELETE shop.orders", in: "shop", "DELETE FROM orders WHERE id <= 8400", counting: true)
        try server.note(
            "UPDATE shop.payments", in: "shop", "UPDATE payments SET amount = 0 WHERE id <= 2750",
            counting: true)
        try server.note(
            "INSERT shop.wide", in: "shop",
            "INSERT INTO wide SELECT n, repeat(md5(n::text), 400) FROM generate_series(1, 60) n",
            counting: true)
        try server.note(
            "UPDATE shop.orders", in: "shop",
            """
            INSERT INTO orders SELECT n, 'y' FROM generate_series(8401, 8500) n
                ON CONFLICT (id) DO UPDATE SET note = 'again'
            """, counting: true)
        try server.note(
            "INSERT shop.orders", in: "shop",
            "INSERT INTO orders SELECT n, 'z' FROM generate_series(8900, 9100) n ON CONFLICT DO NOTHING",
            counting: true)
        try server.note(
            "DELETE shop.\"Sales 2\".\"Order Items\"", in: "shop",
            "DELETE FROM \"Sales 2\".\"Order Items\"", counting: true)
        // Nothing was there to delete, so SQL says 0 rows and the WAL nothing.
        server.forgetLast()
        try server.note(
            "INSERT shop.\"Sales 2\".\"Order Items\"", in: "shop",
            "INSERT INTO \"Sales 2\".\"Order Items\" SELECT generate_series(1, 7)", counting: true)
        try subtransactions(server)
    }

    /// Only what was not rolled back counts, and it counts to the transaction at the top.
    private static func subtransactions(_ server: ObservedServer) throws {
        try server.note(
            "DELETE shop.payments", in: "shop",
            """
            DELETE FROM payments WHERE id <= 10; SAVEPOINT a; DELETE FROM payments WHERE id <= 500;
            ROLLBACK TO a; SAVEPOINT b; DELETE FROM payments WHERE id <= 30; SAVEPOINT c;
            DROP TABLE payments; ROLLBACK TO c; DELETE FROM payments WHERE id <= 35; RELEASE b
            """)
        server.countLast(35)
        try server.note(
            "DELETE shop.orders", in: "shop",
            "DELETE FROM orders WHERE id > 9050; PREPARE TRANSACTION 'kept'; BEGIN")
        // The number SQL told is that of the transaction after the prepared one.
        server.countLast(50, isOther: true)
        try server.quietly(in: "shop", "COMMIT PREPARED 'kept'")
        try server.quietly(
            in: "shop",
            "BEGIN; DELETE FROM orders; PREPARE TRANSACTION 'undone'; ROLLBACK PREPARED 'undone'")
        try server.quietly(in: "shop", "BEGIN; DELETE FROM orders; DROP TABLE wide; ROLLBACK")
    }

    /// Rows changed before and after a rewrite of their table in the same transaction count; those that the
    /// rewrite copied do not, and they fill more than a segment.
    private static func rewrites(_ server: ObservedServer) throws {
        try server.note(
            "ALTER TABLE shop.ledger", in: "shop",
            """
            DELETE FROM ledger WHERE id <= 10; ALTER TABLE ledger ALTER amount TYPE bigint;
            DELETE FROM ledger WHERE id <= 15; INSERT INTO ledger SELECT n, 1 FROM generate_series(1, 7) n;
            UPDATE ledger SET amount = 2 WHERE id BETWEEN 20 AND 22
            """)
        server.expectWithLast("DELETE shop.ledger", 15)
        server.expectWithLast("INSERT shop.ledger", 7)
        server.expectWithLast("UPDATE shop.ledger", 3)
        // Twice, and once in vain; subtransactions have numbers of their own.
        try server.note(
            "ALTER TABLE shop.ledger", in: "shop",
            """
            ALTER TABLE ledger ALTER amount TYPE numeric; INSERT INTO ledger VALUES (-1, 1), (-2, 1);
            SAVEPOINT a; ALTER TABLE ledger ALTER amount TYPE text; DELETE FROM ledger; ROLLBACK TO a;
            SAVEPOINT b; ALTER TABLE ledger ADD stamp float DEFAULT random(); DELETE FROM ledger WHERE id = -2;
            RELEASE b; UPDATE ledger SET amount = 3 WHERE id = -1
            """)
        server.expectWithLast("INSERT shop.ledger", 2)
        server.expectWithLast("DELETE shop.ledger", 1)
        server.expectWithLast("UPDATE shop.ledger", 1)
        try server.note(
            "CREATE TABLE shop.fresh", in: "shop",
            """
            CREATE TABLE fresh (id int); INSERT INTO fresh SELECT generate_series(1, 20);
            ALTER TABLE fresh ALTER id TYPE bigint; INSERT INTO fresh SELECT generate_series(1, 5);
            TRUNCATE fresh; INSERT INTO fresh VALUES (1)
            """)
        server.expectWithLast("INSERT shop.fresh", 26)
        try server.note(
            "DELETE shop.ledger", in: "shop",
            "CLUSTER ledger USING ledger_id_idx; DELETE FROM ledger WHERE id BETWEEN 30 AND 33")
        server.countLast(4)
    }

    private static func definitions(_ server: ObservedServer) throws {
        for (title, sql) in [
            ("CREATE TABLE shop.carts", "CREATE TABLE carts (id serial PRIMARY KEY, note text)"),
            ("ALTER TABLE shop.carts", "ALTER TABLE carts ADD amount int"),
            ("ALTER TABLE shop.carts", "ALTER TABLE carts DROP note"),
            ("ALTER TABLE shop.carts", "ALTER TABLE carts ALTER amount TYPE bigint"),
            ("ALTER TABLE shop.baskets", "ALTER TABLE carts RENAME TO baskets"),
            ("TRUNCATE shop.baskets", "TRUNCATE baskets"),
            ("TRUNCATE shop.wide", "TRUNCATE wide RESTART IDENTITY"),
            ("DROP VIEW shop.seen", "DROP VIEW seen"),
            ("CREATE VIEW shop.seen", "CREATE VIEW seen AS SELECT 1 AS id"),
            ("CREATE INDEX shop.by_note", "CREATE INDEX by_note ON orders (note)"),
            ("DROP INDEX shop.by_note", "DROP INDEX by_note"),
            ("CREATE SEQUENCE shop.numbers", "CREATE SEQUENCE numbers"),
            ("CREATE TYPE shop.pair", "CREATE TYPE pair AS (a int, b int)"),
            ("DROP TABLE shop.baskets", "DROP TABLE baskets"),
            ("DROP MATERIALIZED VIEW shop.totals", "DROP MATERIALIZED VIEW totals"),
            ("CREATE SCHEMA shop.spare", "CREATE SCHEMA spare"),
        ] {
            try server.note(title, in: "shop", sql)
        }
        try server.quietly(in: "shop", "CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders")
        server.expect("CREATE MATERIALIZED VIEW shop.totals")
        try server.quietly(in: "shop", "CREATE UNIQUE INDEX ON totals (count)")
        server.expect("CREATE INDEX shop.totals_count_idx")
        // A table that was made, filled, emptied and filled again in one transaction is one that was made.
        try server.note(
            "CREATE TABLE shop.made", in: "shop",
            """
            CREATE TABLE made (id int); INSERT INTO made SELECT generate_series(1, 40); TRUNCATE made;
            INSERT INTO made SELECT generate_series(1, 2); CREATE TABLE other (id int); DROP TABLE other
            """)
        server.expectWithLast("INSERT shop.made", 42)
        try server.quietly("SELECT pg_create_restore_point('release-42')")
        server.expect("RESTORE POINT release-42")
        try server.note("DROP SCHEMA shop.\"Sales 2\"", in: "shop", "DROP SCHEMA \"Sales 2\" CASCADE")
        server.expectWithLast("DROP TABLE shop.\"Sales 2\".\"Order Items\"", nil)
        // Rows that move to another partition.
        try server.note(
            "UPDATE shop.parts_1", in: "shop", "UPDATE parts SET kind = 2 WHERE id <= 9", counting: true)
        server.expectWithLast("INSERT shop.parts_2", 9)
    }

    /// What looks like an event in the WAL and is none.
    private static func negatives(_ server: ObservedServer) throws {
        try server.quietly(
            in: "shop",
            """
            VACUUM FULL orders; CLUSTER payments USING payments_pkey; REINDEX TABLE orders;
            REFRESH MATERIALIZED VIEW totals; REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
            REINDEX TABLE CONCURRENTLY orders; ANALYZE; VACUUM; VACUUM FREEZE; VACUUM FULL pg_class;
            REINDEX SCHEMA CONCURRENTLY public; VACUUM FULL pg_attribute;
            CREATE TEMP TABLE mine (id int); INSERT INTO mine SELECT generate_series(1, 5000); DROP TABLE mine;
            CREATE TEMP TABLE passing ON COMMIT DROP AS SELECT 1;
            ALTER TABLE orders ALTER note SET STATISTICS 50; GRANT SELECT ON orders TO public;
            COMMENT ON TABLE orders IS 'none'; ALTER TABLE orders SET (fillfactor = 90);
            SELECT lo_create(4711);
            BEGIN; DROP TABLE orders CASCADE; CREATE TABLE never (id int); TRUNCATE payments; ROLLBACK;
            BEGIN; CREATE TABLE never (id int); DROP TABLE never; COMMIT;
            SELECT count(*) FROM (SELECT * FROM orders FOR UPDATE) AS locked;
            """)
        // After all this names are still known.
        try server.note("DROP TABLE shop.orders", in: "shop", "DROP TABLE orders CASCADE")
        server.expectWithLast("DROP MATERIALIZED VIEW shop.totals", nil)
    }

    private static func databases(_ server: ObservedServer) throws {
        try server.noteAlone("DROP DATABASE doomed", "DROP DATABASE doomed")
        try server.noteAlone(
            "CREATE DATABASE copied", "CREATE DATABASE copied TEMPLATE shop STRATEGY file_copy")
        try server.noteAlone(
            "CREATE DATABASE logged", "CREATE DATABASE logged TEMPLATE shop STRATEGY wal_log")
        try server.noteAlone("DROP TABLE copied.payments", in: "copied", "DROP TABLE payments")
        try server.noteAlone("DROP TABLE logged.payments", in: "logged", "DROP TABLE payments")
        try server.noteAlone("ALTER DATABASE renamed", "ALTER DATABASE copied RENAME TO renamed")
        try server.noteAlone("DROP DATABASE renamed", "DROP DATABASE renamed")
        try server.noteAlone(
            "CREATE TABLESPACE inside",
            "SET allow_in_place_tablespaces = on; CREATE TABLESPACE inside LOCATION ''")
        try server.noteAlone(
            "ALTER TABLE shop.payments", in: "shop", "ALTER TABLE payments SET TABLESPACE inside")
        try server.quietly("ALTER DATABASE logged SET TABLESPACE inside")
        try server.noteAlone("DROP TABLE logged.wide", in: "logged", "DROP TABLE wide")
        try server.quietly("ALTER DATABASE logged SET TABLESPACE pg_default")
        try server.noteAlone("DROP TABLE logged.made", in: "logged", "DROP TABLE made")
        try server.quietly(in: "shop", "ALTER TABLE payments SET TABLESPACE pg_default")
        server.expect("ALTER TABLE shop.payments")
        try server.noteAlone("DROP TABLESPACE inside", "DROP TABLESPACE inside")
    }
}
