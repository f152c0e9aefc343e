import Platform
import PostgresFormat
import TestKit
import Testing
import WALEvents

/// The WAL knows partitions only; people mean the table.
@Suite(.serialized) struct PartitionTests {
    @Test(arguments: ObservedServer.versions)
    func `what was done to partitions is found by the name of their table`(_ version: WALVersion) throws {
        let server = try Self.workedServer(version)
        for events in [try server.read().events, try server.readByIndexes().events] {
            for verb in ["DELETE", "INSERT", "UPDATE"] {
                let noted = server.statements.filter { $0.title == "\(verb) shop.parts" }
                try #require(!noted.isEmpty)
                let pattern = try EventPattern(
                    ["DELETE": "delete from", "INSERT": "insert into", "UPDATE": "update"][verb, default: ""]
                        + " shop.parts")
                let found = (1...noted.count).compactMap { number -> ObservedServer.Statement? in
                    guard case .one(let target) = pattern.select(from: events, EventChoice(.nth(number)))
                    else { return nil }
                    return ObservedServer.Statement(
                        title: target.event.title, rows: target.event.rows, xid: target.event.xid)
                }
                #expect(found == noted)
                guard case .several(let count, let last) = pattern.select(from: events, EventChoice(.nth(99)))
                else {
                    Issue.record("more than \(noted.count) were expected to be refused")
                    continue
                }
                #expect(count == noted.count && last.count == min(count, EventSelector.listed))
            }
            try Self.checkLevels(events)
            let taken = events.filter { $0.title == "DELETE shop.parts_1" }
            #expect(taken.last?.ancestors == [])
            #expect(taken.last?.rows == server.statements.last { $0.title == "DELETE shop.parts_1" }?.rows)
        }
    }

    /// A partition that has partitions is such a table as well; one that was taken away is none any more.
    private static func checkLevels(_ events: [WALEvent]) throws {
        guard
            case .one(let first) = try EventPattern("delete from parts_2").select(
                from: events, EventChoice(.nth(1)))
        else { throw Problem(.system, "nothing was deleted from parts_2") }
        #expect(first.event.rows == 100 && first.event.details == ["in 2 tables"])
        #expect(first.event.object.description == "shop.parts_2")
        let names = Dictionary(
            events.filter(\.changesRows).map { ($0.object.description, $0.ancestors.map(\.description)) },
            uniquingKeysWith: { first, _ in first })
        #expect(names["shop.parts_2_low"] == ["shop.parts_2", "shop.parts"])
        #expect(names["shop.parts_3"] == ["shop.parts"] && names["shop.lone"] == [])
        let pattern = try EventPattern("truncate shop.parts")
        guard case .one(let target) = pattern.select(from: events) else {
            throw Problem(.system, "TRUNCATE is not found, or not as one")
        }
        #expect(target.event.details == ["in 3 tables"] && target.event.rows == nil)
        // What became of the partition itself did not become of the table.
        let dropped = try EventPattern("drop table shop.parts").select(from: events)
        guard case .none = dropped else { throw Problem(.system, "\(dropped)") }
    }

    private static func workedServer(_ version: WALVersion) throws -> ObservedServer {
        let server = try ObservedServer(version) { fixture in
            try fixture.psql("CREATE DATABASE shop")
            try fixture.psql(
                """
                CREATE TABLE parts (id int, kind int) PARTITION BY LIST (kind);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
                CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2) PARTITION BY RANGE (id);
                CREATE TABLE parts_2_low PARTITION OF parts_2 FOR VALUES FROM (0) TO (101);
                CREATE TABLE parts_2_high PARTITION OF parts_2 FOR VALUES FROM (101) TO (1000);
                CREATE TABLE lone (id int);
                INSERT INTO parts SELECT n, k FROM generate_series(1, 200) n, generate_series(1, 2) k;
                """, database: "shop")
        }
        func note(_ verb: String, _ sql: String) throws {
            try server.note("\(verb) shop.parts", in: "shop", sql, counting: true)
        }
        try note("DELETE", "DELETE FROM parts WHERE id % 2 = 0")
        try server.quietly(in: "shop", "CREATE TABLE parts_3 PARTITION OF parts FOR VALUES IN (3)")
        try server.quietly(in: "shop", "VACUUM FULL pg_inherits")
        try note("INSERT", "INSERT INTO parts SELECT n, 1 + n % 3 FROM generate_series(300, 359) n")
        try note("UPDATE", "UPDATE parts SET id = id + 1 WHERE id BETWEEN 11 AND 15 OR id > 339")
        try server.quietly(
            in: "shop", "ALTER TABLE parts DETACH PARTITION parts_1; INSERT INTO lone VALUES (1)")
        try server.note("DELETE shop.parts_1", in: "shop", "DELETE FROM parts_1", counting: true)
        try note("DELETE", "DELETE FROM parts WHERE kind = 3")
        try server.quietly(in: "shop", "TRUNCATE parts")
        try server.quietly(in: "shop", "DROP TABLE parts_3")
        return server
    }
}
