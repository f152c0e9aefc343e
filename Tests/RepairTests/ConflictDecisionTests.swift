import Platform
import PostgresFormat
import ServiceModel
import Testing

@testable import Repair

/// Rows in conflict, decided one by one in the file that an undo wrote of them.
struct ConflictDecisionTests {
    private static let attack = "'; DROP TABLE t; --\n\\! true\n\"before\",\u{1}"

    private static let shape = TableShape(
        number: ObjectID(20001), name: QualifiedName(schema: "public", name: "t"),
        columns: [
            .init(name: "id", number: 1, type: "integer"), .init(name: "a", number: 2, type: "text"),
            .init(name: "b", number: 3, type: "text"),
        ], key: .init(columns: [0], operators: ["OPERATOR(pg_catalog.=)"]))

    private static func row(_ id: String, _ verdict: Verdict = .conflict, now: Cell? = "now") -> JudgedRow {
        JudgedRow(
            change: .update, before: [Cell(id), Cell(attack), ""], after: [Cell(id), "after", nil],
            now: [Cell(id), now, nil], verdict: verdict, damaged: [1, 2],
            conflicts: verdict.isConflict ? [1] : [])
    }

    private static func plan(_ rows: [JudgedRow]) -> UndoPlan {
        UndoPlan(
            source: "s", database: "d", transactions: [], deeds: [], nowEnd: .zero,
            nowTime: PostgresTimestamp(microseconds: 0), tables: [.init(shape: shape, rows: rows)],
            leftOut: [])
    }

    /// The file of a plan with a word at the end of each line.
    private static func file(_ plan: UndoPlan, _ words: [String]) -> [UInt8] {
        var lines: [String] = []
        UndoRows(plan).writeConflicts { lines.append($0) }
        for (place, word) in words.enumerated() {
            lines[place + 1] = lines[place + 1].dropLast() + word + "\n"
        }
        return Array(lines.joined().utf8)
    }

    private static func decided(
        _ plan: UndoPlan, _ words: [String], isStopped: Bool = false
    ) throws -> UndoPlan {
        var (plan, file) = (plan, try DecisionFile(file(plan, words)))
        var decisions = try ConflictDecisions(file.decisions())
        try decisions.apply(to: &plan)
        try decisions.finish(plan, isStopped: isStopped)
        // What stands in the next file is what was decided.
        file = try DecisionFile(Self.file(plan, []))
        #expect(Set(file.entries.map(\.decision)).isSubset(of: ["before", "now", "skip", nil]))
        return plan
    }

    @Test func `a decision that the tables of now do not admit is told, with what is for the row instead`()
        throws
    {
        var plan = try Self.decided(Self.plan(["1", "2"].map { Self.row($0) }), ["before", "now"])
        #expect(plan.withdrawnDecisions(.skip).isEmpty)
        plan.forbid([0, 1], of: Self.shape.number, because: "a check\u{1B}")
        #expect(plan.tables[0].rows.map(\.decision) == [nil, .now])
        let told = plan.withdrawnDecisions(.skip)
        #expect(
            told == [
                "public.t id=1 was decided 'before', which cannot be done: a check\\u{1b}. "
                    + "The rule 'skip' is for it instead."
            ])
    }

    @Test func `each row becomes what its line says, and the rule is for the others`() throws {
        let plan = Self.plan(["1", "2", "3", "4"].map { Self.row($0) } + [Self.row("5", .restorable)])
        let some = try Self.decided(plan, ["before", " NOW ", "skip", ""])
        #expect(some.tables[0].rows.map(\.decision) == [.before, .now, .skip, nil, nil])
        #expect(some.undecidedCount == 1 && some.conflictCount == 4)
        #expect(RepairScript(some, .stop).isStopped && !RepairScript(some, .skip).isStopped)
        let writes = RepairScript(some, .skip).tables[0].writes
        #expect(writes.map(\.row) == [0, 1, 4])
        #expect(writes[0].wanted == some.tables[0].rows[0].before && writes[1].columns == [2])
        let all = try Self.decided(plan, ["before", "now", "skip", "skip"])
        #expect(!RepairScript(all, .stop).isStopped)
        // Nothing in a value becomes a line of its own, here or in the script.
        let text = RepairScript(all, .stop).text(.none)
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("\\!") || $0.hasPrefix("DROP") })
    }

    @Test func `lines are told from line ends in values, whatever ends a line`() throws {
        let plan = Self.plan(["1", "2"].map { Self.row($0) })
        let bytes = Self.file(plan, ["skip", "now"])
        let lines = try DecisionFile(bytes).decisions().map(\.line)
        #expect(lines == [2, 5], "the value has three lines")
        let simple = "\u{FEFF}decision,table,key,column,before,after,now\r\nskip,public.t,id=1,a,,\"\",x\r\n"
        let read = try DecisionFile(Array(simple.utf8)).decisions()
        let expected = ConflictDecision(
            table: "public.t", key: "id=1", column: "a", before: nil, after: "", now: "x", choice: .skip,
            line: 2)
        #expect(read == [expected])
    }

    @Test(arguments: [
        ("", "it is empty"), ("a,b\n", "no column 'table'"),
        ("table,key,column,before,after,now\n", "no column 'decision"),
        ("table,key,column,before,after,now,decision\nt,k,c,b,a,n,perhaps\n", "line 2 decides 'perhaps'"),
        ("table,key,column,before,after,now,decision\n\n\nt,k,c,b,a,n\n", "line 4 has 6 fields"),
        ("table,key,column,before,after,now,decision\nt,k,c,\"b,a,n,now\n", "behind line 2"),
        ("table,key,column,before,after,now,decision\nt,k,c,\"b\"x,a,n,now\n", "line 2 goes on"),
        ("table,key,column,before,after,now,decision\nt,k,c,b\"x,a,n,now\n", "line 2 has a quotation mark"),
    ])
    func `a file that is not understood is refused with the line`(text: String, words: String) {
        let problem = #expect(throws: Problem.self) { try DecisionFile(Array(text.utf8)).decisions() }
        #expect(problem?.code == .usage && problem?.detail?.contains(words) == true, "\(problem as Any)")
        #expect(throws: Problem.self) { try DecisionFile(Array(text.utf8) + [0xFF]).decisions() }
    }

    @Test func `what names no row in conflict, or one twice, is refused with the line`() throws {
        let plan = Self.plan([Self.row("1"), Self.row("2", .restorable), Self.row("3", .forbiddenNow)])
        func refuses(_ change: (inout [ConflictDecision]) -> Void, _ words: String) throws {
            var decisions = try DecisionFile(Self.file(plan, ["before", "skip"])).decisions()
            change(&decisions)
            let problem = #expect(throws: Problem.self) {
                var (plan, taken) = (plan, try ConflictDecisions(decisions))
                try taken.apply(to: &plan)
                try taken.finish(plan, isStopped: false)
            }
            #expect(problem?.detail?.contains(words) == true, "\(words): \(problem as Any)")
        }
        try refuses({ $0[0].now = "later" }, "line 2: public.t id=1, column a: no row in conflict has these")
        try refuses({ $0[0].before = nil }, "line 2: ")
        try refuses({ $0[0].table = "public.u" }, "line 2: public.u")
        try refuses({ $0.append($0[0]) }, "decided already, on line 2")
        try refuses({ $0[1].choice = .before }, "line 5: public.t id=3")
        try refuses({ $0[0].key = "id=2" }, "line 2: public.t id=2, column a: that row is not in conflict")
    }

    @Test func `a row that was not tried yet may come to be in conflict later`() throws {
        let decisions = try DecisionFile(Self.file(Self.plan([Self.row("2")]), ["skip"])).decisions()
        var plan = Self.plan([Self.row("1"), Self.row("2", .restorable)])
        var taken = try ConflictDecisions(decisions)
        try taken.apply(to: &plan)
        try taken.finish(plan, isStopped: true)
        plan.forbid([1], of: Self.shape.number, because: "its key is taken")
        try taken.apply(to: &plan)
        try taken.finish(plan, isStopped: false)
        #expect(plan.tables[0].rows[1].decision == .skip)
        // What was decided and cannot be done has to be decided again.
        plan.tables[0].rows[0].decision = .before
        plan.forbid([0], of: Self.shape.number, because: "its key is taken")
        #expect(plan.tables[0].rows[0].decision == nil && plan.undecidedCount == 1)
    }

    @Test func `old values need each cell in conflict to have been looked at`() throws {
        let looked = Self.plan([Self.row("1")])
        var later = looked
        // Another cell was written since.
        later.tables[0].rows[0].conflicts = [1, 2]
        later.tables[0].rows[0].now?[2] = "new"
        func put(_ word: String, of seen: UndoPlan, to plan: UndoPlan) throws -> UndoPlan {
            var (plan, taken) = (
                plan, try ConflictDecisions(try DecisionFile(Self.file(seen, [word])).decisions())
            )
            try taken.apply(to: &plan)
            try taken.finish(plan, isStopped: false)
            return plan
        }
        let problem = #expect(throws: Problem.self) { try put("before", of: looked, to: later) }
        #expect(problem?.detail?.contains("column b of that row is in conflict as well") == true)
        #expect(try put("skip", of: looked, to: later).tables[0].rows[0].decision == .skip)
        // One word stands for all lines of its row.
        #expect(try put("before", of: later, to: later).tables[0].rows[0].decision == .before)
        // A row that had gone, and another one with NULL in its place.
        var gone = Self.plan([Self.row("1", now: nil)])
        let there = gone
        gone.tables[0].rows[0].now = nil
        gone.tables[0].rows[0].reason = RowJudge.deletedReason
        #expect(try put("before", of: gone, to: gone).tables[0].rows[0].decision == .before)
        let back = #expect(throws: Problem.self) { try put("before", of: gone, to: there) }
        #expect(back?.detail?.contains("the row is there again") == true)
        let left = #expect(throws: Problem.self) { try put("skip", of: there, to: gone) }
        #expect(left?.detail?.contains("has been deleted since") == true)
    }
}
