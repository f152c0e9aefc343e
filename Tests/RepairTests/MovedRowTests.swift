import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

@testable import Repair
import ServiceModel

/// A row that was taken to another partition goes back whole or not at all.
struct MovedRowTests {
    private static func shape(_ number: UInt32, _ name: String) -> TableShape {
        TableShape(
            number: ObjectID(number), name: QualifiedName(schema: "public", name: name),
            columns: [
                .init(name: "id", number: 1, type: "integer"), .init(name: "region", number: 2, type: "text"),
            ], key: .init(columns: [0, 1], operators: ["OPERATOR(pg_catalog.=)", "OPERATOR(pg_catalog.=)"]))
    }

    /// The halves of row 1, which went from eu to us, and of row 2, which went the other way.
    private static var rows: [JudgedRow] {
        [("1", "eu", "us"), ("2", "us", "eu")].enumerated().flatMap { place, moved in
            let old: Cells = [Cell(moved.0), Cell(moved.1)]
            let new: Cells = [Cell(moved.0), Cell(moved.2)]
            var gone = JudgedRow(
                change: .delete, before: old, after: nil, now: nil, verdict: .absentNow, damaged: [0, 1])
            var come = JudgedRow(
                change: .insert, before: nil, after: new, now: new, verdict: .unchangedSince, damaged: [0, 1])
            (gone.move, come.move) = (place + 1, place + 1)
            return [gone, come]
        }
    }

    private static func plan(_ tables: [UndoPlan.Table]) -> UndoPlan {
        let time = PostgresTimestamp(microseconds: 0)
        return UndoPlan(
            source: "s", database: "d", transactions: [], deeds: [],
            nowEnd: .zero, nowTime: time, tables: tables, leftOut: [])
    }

    @Test func `where the table does not admit one half the other stays too, whatever the rule`() {
        var plan = Self.plan([.init(shape: Self.shape(20001, "parts"), rows: Self.rows)])
        plan.forbid([0], of: ObjectID(20001), because: "a check")
        let verdicts = plan.tables[0].rows.map(\.verdict)
        #expect(verdicts == [.forbiddenNow, .forbiddenNow, .absentNow, .unchangedSince])
        for rule in ConflictRule.allCases {
            #expect(RepairScript(plan, rule).tables.flatMap(\.writes).map(\.row) == [2, 3])
        }
    }

    @Test func `halves in two tables stay together`() {
        var plan = Self.plan([
            .init(shape: Self.shape(20001, "parts_eu"), rows: [Self.rows[0], Self.rows[3]]),
            .init(shape: Self.shape(20002, "parts_us"), rows: [Self.rows[1], Self.rows[2]]),
        ])
        plan.forbid([1], of: ObjectID(20002), because: "a check")
        #expect(plan.tables[0].rows.map(\.verdict) == [.absentNow, .forbiddenNow])
        #expect(plan.tables[1].rows.map(\.verdict) == [.unchangedSince, .forbiddenNow])
    }

    @Test(.timeLimit(.minutes(5)))
    func `where a row refers to the half that is to go the other one stays away`() throws {
        let server = try PostgresFixture()
        let connection = try Connection(
            ConnectionParameters(
                host: server.socketDirectory, port: server.port, user: PostgresFixture.superuser))
        for statement in [
            "CREATE TABLE public.parts (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region)",
            "CREATE TABLE public.eu PARTITION OF public.parts FOR VALUES IN ('eu')",
            "CREATE TABLE public.us PARTITION OF public.parts FOR VALUES IN ('us')",
            "CREATE TABLE public.held (id int, region text, FOREIGN KEY (id, region) REFERENCES public.parts)",
            "INSERT INTO public.parts VALUES (1, 'us'), (2, 'eu')",
            "INSERT INTO public.held VALUES (1, 'us')",
        ] { try connection.execute(statement) }
        let number = try connection.query("SELECT 'public.parts'::regclass::oid::text").scalar ?? ""
        let shape = try #require(try TableReader(connection).shape(of: ObjectID(UInt32(number) ?? 0)))
        var tables = [UndoPlan.Table(shape: shape, rows: Self.rows)]
        try ReferenceCheck(connection).judge(&tables)
        let verdicts = tables[0].rows.map(\.verdict)
        #expect(verdicts == [.forbiddenNow, .referencedSince, .absentNow, .unchangedSince])
    }
}
