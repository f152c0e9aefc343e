import PostgresFormat
import Testing

@testable import Repair

/// What a row would be without several transactions: every cell belongs to whoever wrote it.
struct RowHistoryTests {
    private static func merged(_ base: Cells?, _ states: (Bool, Cells?)...) -> RowHistory.Merged? {
        RowHistory(base: base, states: states.map { RowHistory.State(isOwn: $0.0, cells: $0.1) }).merged
    }

    @Test func `what others wrote between two of them stays`() {
        let row = Self.merged(
            ["1", "old", "old"], (true, ["1", "bad", "old"]), (false, ["1", "bad", "good"]),
            (true, ["1", "worse", "good"]))
        #expect(row == .init(before: ["1", "old", "good"], after: ["1", "worse", "good"]))
    }

    @Test func `a cell goes back to what others made of it before`() {
        let row = Self.merged(
            ["1", "old", "old"], (true, ["1", "old", "bad"]), (false, ["1", "good", "bad"]),
            (true, ["1", "bad", "bad"]))
        #expect(row == .init(before: ["1", "good", "old"], after: ["1", "bad", "bad"]))
    }

    @Test func `a cell that others wrote afterwards is contested, unless they gave it back`() {
        let written = Self.merged(
            ["1", "old"], (true, ["1", "bad"]), (false, ["1", "good"]), (true, ["1", "worse"]))
        #expect(written?.contested == [1])
        let backAgain = Self.merged(
            ["1", "old"], (true, ["1", "bad"]), (false, ["1", "good"]), (true, ["1", "old"]))
        #expect(backAgain?.contested == [1], "the value is the old one by chance")
        let given = Self.merged(
            ["1", "old", "x"], (true, ["1", "bad", "x"]), (false, ["1", "old", "x"]),
            (true, ["1", "old", "bad"]))
        #expect(given == .init(before: ["1", "old", "x"], after: ["1", "old", "bad"]))
    }

    @Test func `a deleted row comes back with what others wrote, and one that was put in with nothing`() {
        let deleted = Self.merged(
            ["1", "old", "old"], (true, ["1", "bad", "old"]), (false, ["1", "bad", "good"]), (true, nil))
        #expect(deleted == .init(before: ["1", "old", "good"], after: nil))
        #expect(Self.merged(nil, (true, ["1", "bad"]), (true, nil)) == nil)
        let put = Self.merged(nil, (true, ["1", "bad"]), (false, ["1", "good"]), (true, ["1", "worse"]))
        #expect(put == .init(before: nil, after: ["1", "worse"], contested: [1]))
    }

    @Test func `one moment serves every row whose state lasts over it`() {
        var states = TrackStates()
        let file = RelationLocator(tablespace: ObjectID(1), database: ObjectID(2), number: 3)
        for (track, life) in [(10, 50), (20, 90), (60, 80), (55, 70)].enumerated() {
            states.want(
                .init(
                    key: .init(file: file, track: track, state: 1), address: RowAddress(block: 0, offset: 1),
                    from: LSN(UInt64(life.0)), to: LSN(UInt64(life.1))))
        }
        let moments = states.moments
        #expect(moments.map(\.commit) == [LSN(20), LSN(60)])
        #expect(moments.map { Set($0.wishes.map(\.key.track)) } == [[0, 1], [2, 3]])
    }
}
