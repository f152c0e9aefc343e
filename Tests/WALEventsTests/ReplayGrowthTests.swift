import PostgresFormat
import Testing
import WALEvents

/// How much replay adds at the most at once.
struct ReplayGrowthTests {
    private static let page: UInt64 = 8192

    private static func table(_ number: UInt32, database: UInt32 = 5) -> RelationLocator {
        RelationLocator(tablespace: .defaultTablespace, database: ObjectID(database), number: number)
    }

    private static func growth(
        _ reached: [RelationLocator: UInt32], cuts: [RelationLocator: UInt32] = [:],
        copies: [SegmentGrowth.Copy] = [], removed: [SegmentGrowth.Directory] = []
    ) -> SegmentGrowth {
        var growth = SegmentGrowth()
        growth.reached = reached.map { SegmentGrowth.Extent(relation: $0.key, blocks: $0.value) }
        growth.cuts = cuts.map { SegmentGrowth.Extent(relation: $0.key, blocks: $0.value) }
        growth.copies = copies
        growth.removed = removed
        return growth
    }

    private static func directory(_ database: UInt32) -> SegmentGrowth.Directory {
        SegmentGrowth.Directory(database: ObjectID(database), tablespace: .defaultTablespace)
    }

    @Test func `only what exceeds the base backup counts`() {
        var growth = ReplayGrowth(from: [Self.table(1): 3])
        growth.add(Self.growth([Self.table(1): 2]))
        #expect(growth.peak == 0)
        growth.add(Self.growth([Self.table(1): 4, Self.table(2): 1]))
        #expect(growth.peak == 2 * Self.page)
        growth.add(Self.growth([Self.table(1): 4]))
        #expect(growth.peak == 2 * Self.page)
    }

    @Test func `a table filled again and again does not add up`() {
        var growth = ReplayGrowth(from: [:])
        for number in 1...9 {
            growth.add(Self.growth([Self.table(UInt32(number)): 1000], cuts: [Self.table(UInt32(number)): 0]))
        }
        #expect(growth.peak > 1000 * Self.page && growth.peak < 1010 * Self.page)
        growth.add(Self.growth([Self.table(10): 1000], cuts: [Self.table(10): 400]))
        growth.add(Self.growth([Self.table(11): 500]))
        #expect(growth.peak < 1010 * Self.page)
        growth.add(Self.growth([Self.table(12): 500]))
        #expect(growth.peak > 1400 * Self.page)
    }

    @Test func `a database copied file by file has its template's size, until it is dropped`() {
        var growth = ReplayGrowth(from: [Self.table(1): 100, Self.table(1, database: 6): 50])
        let copy = SegmentGrowth.Copy(source: Self.directory(5), target: Self.directory(7))
        growth.add(Self.growth([Self.table(2): 10], copies: [copy]))
        #expect(growth.peak > 120 * Self.page && growth.peak < 140 * Self.page)
        let peak = growth.peak
        growth.add(Self.growth([:], removed: [Self.directory(7)]))
        growth.add(Self.growth([:], copies: [copy]))
        #expect(growth.peak == peak)
    }
}
