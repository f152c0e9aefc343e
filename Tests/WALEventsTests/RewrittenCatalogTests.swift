import PostgresFormat
import TestKit
import Testing
import WALEvents

/// `pg_namespace` is no catalog of the relation map: where VACUUM FULL moves it only `pg_class` tells.
@Suite(.serialized) struct RewrittenCatalogTests {
    @Test(arguments: ObservedServer.versions)
    func `indexes follow a rewritten pg_namespace and names stay right`(_ version: WALVersion) throws {
        let server = try ObservedServer(version) { fixture in try fixture.psql("CREATE DATABASE shop") }
        func place() throws -> String {
            try server.fixture.psql("SELECT pg_relation_filenode('pg_namespace')", database: "shop")
        }
        var places: [String] = []
        for round in 1...3 {
            // Behind a checkpoint the records of pg_class have images of its pages instead of rows.
            if round == 2 { try server.quietly("CHECKPOINT") }
            try server.quietly(in: "shop", "VACUUM FULL pg_namespace")
            places.append(try place())
            try server.note("CREATE SCHEMA shop.s\(round)", in: "shop", "CREATE SCHEMA s\(round)")
            try server.note(
                "CREATE TABLE shop.s\(round).t", in: "shop", "CREATE TABLE s\(round).t (id int, note text)")
            try server.note(
                "INSERT shop.s\(round).t", in: "shop",
                "INSERT INTO s\(round).t SELECT n, repeat('x', 100) FROM generate_series(1, 9000) n",
                counting: true)
        }
        try server.quietly(in: "shop", "ALTER SCHEMA s1 RENAME TO first")
        server.expect("ALTER SCHEMA shop.first")
        try server.note("DELETE shop.first.t", in: "shop", "DELETE FROM first.t", counting: true)

        let indexes = try server.indexes()
        #expect(indexes.count > 3 && Set(places).count == 3)
        let known = indexes.last?.summary.catalogs.map { String($0.number) } ?? []
        #expect(places.allSatisfy(known.contains), "\(places) of \(known)")
        let byIndexes = try server.readByIndexes()
        #expect(byIndexes.madeAnew == 0)
        for events in [byIndexes.events, try server.read().events] {
            let found = events.filter { $0.action != .checkpoint }.map { "\($0.title) \($0.rows ?? 0)" }
            #expect(found == server.statements.map { "\($0.title) \($0.rows ?? 0)" })
        }
    }
}
