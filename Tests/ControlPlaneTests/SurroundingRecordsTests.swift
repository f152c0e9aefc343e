import PostgresFormat
import Testing

@testable import ControlPlane

/// The records on both sides of a cut.
struct SurroundingRecordsTests {
    private static func read(_ positions: [UInt64], around cut: UInt64) -> (all: [UInt64], taken: Int) {
        var found = SurroundingRecords(LSN(cut), count: 2) { (item: UInt64) in LSN(item) }
        var taken = 0
        for position in positions {
            taken += 1
            if !found.take(position) { break }
        }
        return (found.all, taken)
    }

    @Test func `the nearest on each side are kept, and reading ends with the last of them`() {
        let (all, taken) = Self.read([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], around: 7)
        #expect(all == [5, 6, 7, 8] && taken == 8)
    }

    @Test func `there are fewer where there is nothing before the cut or behind it`() {
        #expect(Self.read([7, 8, 9], around: 7).all == [7, 8])
        #expect(Self.read([1, 2, 3], around: 7).all == [2, 3])
        #expect(Self.read([], around: 7).all.isEmpty)
    }
}
