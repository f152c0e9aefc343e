import PostgresFormat
import Testing

@testable import Repair
import ServiceModel

/// Verdicts on rows: before, after and now, cell by cell.
struct RowJudgeTests {
    private static let shape = TableShape(
        number: .none, name: QualifiedName(schema: "public", name: "t"),
        columns: [
            .init(name: "id", number: 1, type: "integer"), .init(name: "v", number: 2, type: "text"),
            .init(name: "w", number: 3, type: "text"),
        ], key: .init(columns: [0], operators: ["OPERATOR(pg_catalog.=)"]))

    private static func later(_ xids: UInt32...) -> [RowWrite] {
        xids.map {
            RowWrite(
                xid: TransactionID($0), time: PostgresTimestamp(microseconds: 0), commit: LSN(UInt64($0)),
                address: RowAddress(block: 0, offset: 1))
        }
    }

    private static func judged(
        _ before: Cells?, _ after: Cells?, _ now: Cells?, _ later: [RowWrite] = [],
        versions: [Cells]? = nil, isStrict: Bool = false, isFollowed: Bool = true
    ) -> Verdict? {
        RowJudge(shape, isStrict: isStrict).judge(
            before: before, after: after, now: now, later: later, versions: versions, isFollowed: isFollowed
        )?.verdict
    }

    @Test func `an update goes back where nobody wrote its cells since`() {
        #expect(Self.judged(["1", "a", "x"], ["1", "b", "x"], ["1", "b", "x"]) == .restorable)
        #expect(
            Self.judged(["1", "a", "x"], ["1", "b", "x"], ["1", "b", "y"], Self.later(9)) == .mergeable)
        #expect(Self.judged(["1", "a", "x"], ["1", "b", "x"], ["1", "c", "x"], Self.later(9)) == .conflict)
        #expect(
            Self.judged(["1", "a", "x"], ["1", "b", "x"], ["1", "a", "x"], Self.later(9)) == .alreadyRight)
        #expect(Self.judged(["1", "a", "x"], ["1", "b", "x"], nil, Self.later(9)) == .conflict)
        #expect(Self.judged(["1", "a", "x"], ["1", "a", "x"], ["1", "a", "x"]) == nil)
        #expect(
            Self.judged(["1", "a", "x"], ["1", "b", "x"], ["1", "b", "y"], Self.later(9), isStrict: true)
                == .conflict)
    }

    @Test func `a cell that two transactions wrote and wrote back is a conflict`() {
        let (before, after): (Cells, Cells) = (["1", "a", "x"], ["1", "b", "x"])
        #expect(Self.judged(before, after, after, Self.later(8, 9)) == .conflict)
        #expect(
            Self.judged(before, after, after, Self.later(8, 9), versions: [["1", "c", "x"]]) == .conflict)
        #expect(
            Self.judged(before, after, ["1", "b", "z"], Self.later(8, 9), versions: [["1", "b", "y"]])
                == .mergeable)
        #expect(Self.judged(before, after, after, Self.later(8), isFollowed: false) == .conflict)
    }

    @Test func `a deleted row comes back where its key is free`() {
        #expect(Self.judged(["1", "a", "x"], nil, nil) == .absentNow)
        #expect(Self.judged(["1", "a", "x"], nil, ["1", "a", "x"]) == .alreadyRight)
        #expect(Self.judged(["1", "a", "x"], nil, ["1", "n", "x"]) == .keyTakenNow)
    }

    @Test func `a row that was put in goes where nobody wrote it since`() {
        #expect(Self.judged(nil, ["1", "a", "x"], ["1", "a", "x"]) == .unchangedSince)
        #expect(Self.judged(nil, ["1", "a", "x"], ["1", "a", "y"], Self.later(9)) == .changedSince)
        let row: Cells = ["1", "a", "x"]
        #expect(Self.judged(nil, row, row, Self.later(9)) == .unchangedSince)
        #expect(Self.judged(nil, row, row, Self.later(8, 9)) == .changedSince)
        #expect(Self.judged(nil, row, row, Self.later(8, 9), versions: [row]) == .unchangedSince)
        #expect(Self.judged(nil, row, row, Self.later(8, 9), versions: [["1", "b", "x"]]) == .changedSince)
        #expect(Self.judged(nil, ["1", "a", "x"], nil, Self.later(9)) == .alreadyRight)
    }

    @Test func `a changed key waits for the one that has its place`() {
        func write(_ from: String, _ to: String) -> PlannedWrite? {
            PlannedWrite(
                JudgedRow(
                    change: .update, before: [Cell(to), "a", nil], after: [Cell(from), "a", nil],
                    now: [Cell(from), "a", nil],
                    verdict: .keyChanged, damaged: [0]), Self.shape, .stop)
        }
        let shifted = ["3", "2", "4"].compactMap { write($0, String(Int($0)! - 1)) }
        let ordered = Self.shape.key.flatMap { PlannedTable.ordered(shifted, by: $0) }
        func keys(_ groups: [[PlannedWrite]]?) -> [[String]]? {
            groups?.map { $0.map { $0.expected?[0]?.text ?? "" } }
        }
        #expect(keys(ordered) == [["2"], ["3"], ["4"]])
        // In a circle each but the first frees the key that the next one wants.
        let round = [write("1", "2"), write("2", "3"), write("9", "8"), write("3", "1")].compactMap { $0 }
        let turned = Self.shape.key.flatMap { PlannedTable.ordered(round, by: $0) }
        #expect(keys(turned)?.map(Set.init) == [["9"], ["1", "2", "3"]], "\(turned ?? [])")
        let first = turned?.last ?? []
        for (place, write) in first.enumerated().dropFirst() {
            let freed = place == 1 ? first[0] : first[place - 1]
            #expect(write.wanted?[0] == freed.expected?[0])
        }
    }

    @Test func `the rule decides what becomes of a conflict`() {
        let row = JudgedRow(
            change: .update, before: ["1", "a", "x"], after: ["1", "b", "y"], now: ["1", "c", "y"],
            verdict: .conflict, damaged: [1, 2], conflicts: [1])
        func wanted(_ rule: ConflictRule) -> Cells? { PlannedWrite(row, Self.shape, rule)?.wanted }
        #expect(wanted(.stop) == nil)
        #expect(wanted(.skip) == nil)
        #expect(wanted(.before) == ["1", "a", "x"])
        #expect(wanted(.now) == ["1", "c", "x"])
    }
}
