import PostgresFormat
import ServiceModel
import Testing

@testable import pitr

/// What an undo says of rows about which somebody has to decide.
struct ConflictTextTests {
    private static let row = UndoReport.Conflict(
        table: "public.deadlines", key: "id=7", verdict: "conflict",
        cells: [
            .init(column: "due", before: "2026-12-01", after: "2099-01-01", now: "2026-12-24"),
            .init(column: "note", before: nil, after: String(repeating: "x", count: 50), now: ""),
        ],
        writtenSince: [.init(xid: TransactionID(745), time: PostgresTimestamp(microseconds: 0))],
        reason: nil)

    @Test func `a row in conflict is told with its values and who wrote it since`() {
        let words = UndoView.words(Self.row)
        #expect(
            words == "public.deadlines id=7: due was '2026-12-01', became '2099-01-01', is '2026-12-24'; "
                + "note was NULL, became '\(String(repeating: "x", count: 37))…', is ''; "
                + "written since by 745 at 2000-01-01T00:00:00.000000Z")
    }

    @Test func `another verdict is named, and a reason`() {
        var row = Self.row
        row.verdict = "forbidden now"
        row.reason = "a key is taken"
        #expect(UndoView.words(row).contains("; forbidden now; a key is taken; written since"))
    }
}
