import PostgresClient
import PostgresFormat
import TestKit
import Testing
import WALEvents

/// Names brought forward from a base backup equal those of the live catalog at each moment.
@Suite(.serialized) struct CatalogOracleTests {
    @Test(arguments: ObservedServer.versions)
    func `names equal the live catalog's at every moment`(_ version: WALVersion) throws {
        let server = try Self.workedServer(version)
        var moments = server.moments[...]
        var compared = 0
        let (_, last) = try server.read { assembler, lsn in
            while let moment = moments.first, lsn >= moment.lsn {
                Self.compare(moment, assembler.catalog)
                compared += 1
                moments.removeFirst()
            }
        }
        for moment in moments { Self.compare(moment, last) }
        #expect(compared >= server.moments.count - 1)
        #expect(last.lostCatalogs.isEmpty)
    }

    private static func compare(_ moment: ObservedServer.Moment, _ catalog: CatalogState) {
        var found: Set<String> = []
        let names = catalog.databaseNames
        for (database, name) in names where name != "template0" {
            for relation in catalog.relations(of: database) {
                found.insert(
                    "\(name)|\(relation.object)|\(relation.file)|\(relation.schemaName ?? "?")"
                        + "|\(relation.name)|\(relation.kind)")
            }
        }
        let missing = moment.relations.subtracting(found).sorted()
        let surplus = found.subtracting(moment.relations).sorted()
        #expect(
            missing.isEmpty && surplus.isEmpty,
            "\(moment.name): missing \(missing.prefix(5)), surplus \(surplus.prefix(5))")
    }

    /// A server that changes its catalogs in every way that redo must follow.
    private static func workedServer(_ version: WALVersion) throws -> ObservedServer {
        var early: Connection?
        let server = try ObservedServer(version) { fixture in
            try fixture.psql(
                """
                CREATE DATABASE shop; CREATE DATABASE ledger STRATEGY file_copy;
                DO $$ BEGIN FOR i IN 1..40 LOOP
                    EXECUTE format('CREATE SCHEMA s%s', i);
                    EXECUTE format('CREATE TABLE s%s.t (id serial PRIMARY KEY, note text)', i);
                END LOOP; END $$
                """)
            try fixture.psql("CREATE TABLE orders (id int PRIMARY KEY, note text)", database: "shop")
            early = try ObservedServer.connect(fixture, "shop")
            try early?.execute("BEGIN; CREATE TABLE begun_before (id int)")
        }
        try server.look("after the backup")
        let open = try server.connect("shop")
        try open.execute("BEGIN; CREATE TABLE unseen (id int)")
        try server.quietly(
            in: "shop",
            """
            CREATE TABLE short_lived (id int); CREATE TABLE kept (id serial, note text);
            ALTER TABLE orders RENAME TO purchases; ALTER TABLE purchases ADD note2 text;
            CREATE SCHEMA sales; ALTER TABLE purchases SET SCHEMA sales;
            BEGIN; DROP TABLE kept; ROLLBACK;
            BEGIN; SAVEPOINT a; CREATE TABLE gone (id int); ROLLBACK TO a; CREATE TABLE stays (id int); COMMIT;
            DROP TABLE short_lived; TRUNCATE sales.purchases; CREATE INDEX ON kept (note);
            """)
        try server.look("created, dropped, renamed")
        try open.execute("COMMIT")
        try early?.execute("COMMIT")
        open.close()
        early?.close()
        try server.look("a transaction older than the last moment")
        try server.quietly(in: "shop", "VACUUM FULL pg_class; CREATE TABLE after_full (id int)")
        try server.quietly(
            in: "postgres", "DROP SCHEMA s7 CASCADE; VACUUM FULL pg_class; VACUUM FULL pg_attribute")
        try server.look("pg_class rewritten")
        try server.quietly(
            in: "shop",
            """
            VACUUM FULL pg_namespace; CREATE SCHEMA later; CREATE TABLE later.t (id int); VACUUM FULL pg_database;
            CREATE DATABASE copied TEMPLATE shop STRATEGY file_copy;
            """)
        try server.look("pg_namespace rewritten")
        try server.quietly(in: "copied", "CREATE TABLE mine (id int); DROP TABLE later.t")
        try server.quietly(
            in: "postgres",
            "CREATE DATABASE logged TEMPLATE copied STRATEGY wal_log; ALTER DATABASE ledger RENAME TO books")
        try server.quietly(
            in: "logged", "CREATE TABLE mine_too (id int); CREATE SCHEMA last; DROP TABLE mine")
        try server.look("databases made from databases")
        try makeAndDropTables(server)
        try server.look("pruned, vacuumed and frozen")
        try server.quietly(
            in: "postgres", "DROP DATABASE copied; REINDEX TABLE s1.t; CLUSTER s2.t USING t_pkey")
        try server.quietly(in: "postgres", "VACUUM FULL s3.t; ALTER TABLE s4.t ALTER id TYPE bigint; ANALYZE")
        try server.look("rewritten tables")
        return server
    }

    /// Enough rows of catalogs come and go that their pages are pruned and vacuumed.
    private static func makeAndDropTables(_ server: ObservedServer) throws {
        for round in 1...6 {
            try server.quietly(
                in: "shop",
                """
                DO $$ BEGIN FOR i IN 1..120 LOOP
                    EXECUTE format('CREATE TABLE later.r\(round)_%s (id int, note text)', i);
                END LOOP; END $$;
                DO $$ BEGIN FOR i IN 1..110 LOOP EXECUTE format('DROP TABLE later.r\(round)_%s', i); END LOOP; END $$;
                VACUUM pg_class; VACUUM pg_attribute; CHECKPOINT; VACUUM FREEZE pg_class;
                """)
        }
    }
}
