import PostgresFormat
import Testing

@testable import Repair
import ServiceModel

/// What stands in a script: names, values and comments that cannot become commands.
struct ScriptTextTests {
    @Test func `an address is read as it is printed`() {
        #expect(RowAddress("(12,7)") == RowAddress(block: 12, offset: 7))
        #expect(RowAddress("(12,7)")?.description == "(12,7)")
        for text in ["", "12,7", "(12)", "(12,7,8)", "(x,1)", "(1,99999)"] {
            #expect(RowAddress(text) == nil)
        }
    }

    @Test func `a value stays one literal on one line under both settings of strings`() {
        #expect(PlannedValues.literal(nil) == "NULL")
        #expect(PlannedValues.literal("") == "''")
        #expect(PlannedValues.literal("it's") == "'it''s'")
        #expect(PlannedValues.literal("a\\b'") == "E'a\\\\b'''")
        #expect(PlannedValues.literal("x\n; DROP TABLE t; --") == "E'x\\x0a; DROP TABLE t; --'")
        for value in ["\\'; ROLLBACK; --", "a\r\n\\q", "\u{1}\u{7f}\\\\"] {
            let text = PlannedValues.literal(value)
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }, "\(text)")
        }
    }

    @Test func `a name stays one identifier on one line`() {
        #expect(QualifiedName(schema: "public", name: "orders").sql == "\"public\".\"orders\"")
        #expect(QualifiedName.quoted("a\"b") == "\"a\"\"b\"")
        #expect(QualifiedName.quoted("a\n\\!x\"") == "U&\"a\\+00000A\\\\!x\"\"\"")
    }

    @Test func `a comment stays a comment`() {
        #expect(RepairScript.comment("table \"x\n; DROP TABLE t;\"").split(separator: "\n").count == 1)
        #expect(RepairScript.comment("a\u{2028}b\u{202e}").unicodeScalars.allSatisfy { $0.value < 0x80 })
    }

    @Test func `a statement is tried with other rows than it expects and wants`() {
        let statement =
            "-- t\nWITH p(n, k1, expected, wanted, v1) AS (VALUES\n    ('1'::integer)),\n"
            + "done AS (\n    UPDATE)"
        let spoiled = GuardTrial.spoiled(statement)
        #expect(
            spoiled?.contains("SELECT n, k1, 'other: ' || expected, 'other: ' || wanted, v1 FROM planned")
                == true)
        #expect(spoiled?.hasSuffix("\ndone AS (\n    UPDATE)") == true)
    }

    @Test func `a row has the text that PostgreSQL prints`() {
        let shape = TableShape(
            number: .none, name: QualifiedName(schema: "public", name: "t"),
            columns: [
                .init(name: "a", number: 1, type: "integer"), .init(name: "b", number: 2, type: "text"),
                .init(name: "c", number: 3, type: "text"),
                .init(name: "g", number: 4, type: "integer", isGenerated: true),
            ])
        #expect(RowText.of(["1", nil, "", "9"], shape) == "(1,,\"\")")
        #expect(RowText.of(["1", "a b", "q\"\\", nil], shape) == "(1,\"a b\",\"q\"\"\\\\\")")
    }

    @Test func `rows that refer to others of their table come behind them and go before them`() {
        var shape = TableShape(
            number: ObjectID(20001), name: QualifiedName(schema: "public", name: "t"),
            columns: [
                .init(name: "id", number: 1, type: "integer"),
                .init(name: "parent", number: 2, type: "integer"),
            ], key: .init(columns: [0], operators: ["OPERATOR(pg_catalog.=)"]))
        shape.references = [
            .init(
                constraint: "c", table: shape.name, tableNumber: shape.number, columns: ["parent"],
                referenced: [0], operators: ["OPERATOR(pg_catalog.=)"], actsOnDelete: false,
                actsOnUpdate: false)
        ]
        let rows: [Cells] = [
            ["1", "2"], ["2", "3"], ["3", nil], ["4", "4"], ["5", "6"], ["6", "5"], ["7", "6"],
        ]
        let put = rows.compactMap { cells in
            let row = JudgedRow(
                change: .delete, before: cells, after: nil, now: nil, verdict: .absentNow, damaged: [0, 1])
            return PlannedWrite(row, shape, .stop)
        }
        let gone = rows.compactMap { cells in
            let row = JudgedRow(
                change: .insert, before: nil, after: cells, now: cells, verdict: .unchangedSince,
                damaged: [0, 1])
            return PlannedWrite(row, shape, .stop)
        }
        let statements = TableStatements(PlannedTable(shape: shape, writes: put + gone), portion: 1)
        let come = statements.parentsFirst(put).map { $0.map { $0.wanted?[0]?.text ?? "" } }
        #expect(come == [["3"], ["4"], ["2"], ["1"], ["5", "6", "7"]])
        let went = statements.childrenFirst(gone).map { $0.map { $0.expected?[0]?.text ?? "" } }
        #expect(went == [["5", "6", "7"], ["1"], ["2"], ["4"], ["3"]])
    }

    private static let keyed = TableShape(
        number: ObjectID(20001), name: QualifiedName(schema: "public", name: "t"),
        columns: [.init(name: "id", number: 1, type: "integer"), .init(name: "v", number: 2, type: "text")],
        key: .init(columns: [0], operators: ["OPERATOR(pg_catalog.=)"]))

    @Test func `each batch asks whether the first look has passed`() {
        let ids: [Cell] = ["1", "2", "3"]
        let rows = ids.map { id in
            JudgedRow(
                change: .delete, before: [id, "x"], after: nil, now: nil, verdict: .absentNow,
                damaged: [0, 1])
        }
        var plan = UndoPlan(
            source: "s", database: "d", transactions: [], deeds: [], nowEnd: .zero,
            nowTime: PostgresTimestamp(microseconds: 0), tables: [.init(shape: Self.keyed, rows: rows)],
            leftOut: [])
        plan.batch = 1
        let script = RepairScript(plan, .stop)
        let parts = script.text(.none).split(separator: "COMMIT;\n", omittingEmptySubsequences: false)
        #expect(parts.count == 5)
        let settings = "\n\\set ON_ERROR_STOP on\n\\pset pager off\n"
        #expect(parts.first?.contains(settings) == true, "nobody waits at a pager with locks held")
        #expect(parts.first?.contains("\nSET pitr.checked = '\(script.word)';\n") == true)
        for part in parts.dropFirst().dropLast() {
            #expect(part.contains("current_setting('pitr.checked', true) = '\(script.word)'"))
        }
        #expect(RepairScript(plan, .stop).word != script.word)
        #expect(script.transactionTexts.count == 3 && script.looks().count == 3)
    }

    @Test func `a row that gets the key of one that goes does not count as that one`() {
        let gone = JudgedRow(
            change: .insert, before: nil, after: ["5", "new"], now: ["5", "new"], verdict: .unchangedSince,
            damaged: [0, 1])
        let back = JudgedRow(
            change: .update, before: ["5", "old"], after: ["6", "old"], now: ["6", "old"],
            verdict: .keyChanged, damaged: [0])
        let writes = [gone, back].compactMap { PlannedWrite($0, Self.keyed, .stop) }
        let table = PlannedTable(shape: Self.keyed, writes: writes)
        let keys = ChangedKeys(table)
        #expect(keys.left == ["(5,old)"])
        #expect(keys.taker(of: ["5", "new"], "(5,new)") == "(5,old)")
        #expect(keys.taker(of: ["5", "old"], "(5,old)") == nil)
        #expect(keys.holder(of: ["6", "any"]) == "(6,old)")
        let text = TableStatements(table, portion: 10).deletions().flatMap(\.statements).joined()
        #expect(text.contains("p.taken IS NULL OR"))
    }
}
