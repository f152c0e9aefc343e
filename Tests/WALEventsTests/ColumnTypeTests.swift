import PostgresFormat
import TestKit
import Testing

@testable import WALEvents

/// The types that columns are changed from and to, in the words of the server itself.
struct ColumnTypeTests {
    @Test(arguments: WALVersion.allCases)
    func `PostgreSQL's own types have the names that format_type gives them`(_ version: WALVersion) throws {
        let scratch = try ScratchDirectory("types")
        let server = try PostgresFixture(programs: try ReleaseWAL.programs(version, scratch))
        let declared = [
            "char", "char(7)", "bpchar", "varchar", "varchar(20)[]", "\"char\"", "bit", "bit(3)", "varbit",
            "varbit(9)", "numeric", "numeric(8)", "numeric(8,2)", "numeric(3,-2)", "numeric(1000,1000)[]",
            "time", "time(0)", "timetz(3)", "timestamp(6)", "timestamptz(1)[]", "timestamptz", "interval",
            "interval(2)", "interval year", "interval year to month", "interval month",
            "interval day to second(4)", "interval hour to minute", "interval second(0)[]",
        ]
        let columns = declared.enumerated().map { "c\($0.offset) \($0.element)" }.joined(separator: ", ")
        try server.psql("CREATE TABLE t (\(columns))")
        let list = BuiltInType.all.map { "(\($0.type)), (\($0.array))" }.joined(separator: ", ")
        let lines = try server.psql(
            """
            SELECT atttypid, atttypmod, format_type(atttypid, atttypmod) FROM pg_attribute
              WHERE attrelid = 't'::regclass AND attnum > 0
            UNION ALL SELECT n, -1, format_type(n, -1) FROM (VALUES \(list)) AS v (n)
            """
        ).split(separator: "\n")
        #expect(lines.count == declared.count + 2 * BuiltInType.all.count)
        for line in lines {
            let parts = line.split(separator: "|").map(String.init)
            let type = ObjectID(try #require(UInt32(parts[0])))
            let modifier = try #require(Int32(parts[1]))
            #expect(BuiltInType.name(type, modifier: modifier) == parts[2], "\(line)")
        }
        #expect(BuiltInType.name(ObjectID(16_384), modifier: -1) == nil)
    }

    @Test func `a retyped column tells both types, by number where somebody made one`() throws {
        let server = try ObservedServer { fixture in
            try fixture.psql(
                """
                CREATE TABLE t (a int, b varchar(10), c text, d numeric(8,2)[]);
                CREATE TYPE mood AS ENUM ('good', 'bad');
                """)
        }
        let mood = try server.fixture.psql("SELECT 'mood'::regtype::oid")
        try server.quietly("ALTER TABLE t ALTER a TYPE bigint")
        try server.quietly("ALTER TABLE t ALTER b TYPE varchar(20)")
        try server.quietly("ALTER TABLE t ALTER c TYPE mood USING c::mood")
        try server.quietly("ALTER TABLE t ALTER d TYPE text")
        #expect(
            try server.read().events.filter { $0.action == .alter }.flatMap(\.details) == [
                "column a is bigint, was integer",
                "column b is character varying(20), was character varying(10)",
                "column c is type \(mood), was text", "column d is text, was numeric(8,2)[]",
            ])
    }
}
