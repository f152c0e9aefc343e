import PostgresFormat
import Testing

@testable import Repository

/// What a copy of some rows has of a backup's files.
struct NeededBlocksTests {
    private static let table = RelationLocator(
        tablespace: .defaultTablespace, database: ObjectID(5), number: 16400)
    private static let page: UInt64 = 8192
    private static let part: UInt64 = 1 << 30

    private static func layout(_ blocks: Set<UInt32>, whole: Set<UInt32> = []) -> PartialLayout {
        var needed = NeededBlocks()
        needed.blocks[table] = blocks
        needed.whole[ObjectID(5)] = whole
        return PartialLayout(
            needed,
            files: [
                ("base/5/16400", part), ("base/5/16400.1", part), ("base/5/16400.2", 3 * page),
                ("base/5/16400_vm", 5 * page), ("base/5/1259", 20 * page), ("base/5/16500", 20 * page),
                ("base/5/16501", page), ("base/6/16400", 2 * page), ("global/16600", 2 * page),
                ("pg_xact/0000", 4 * page), ("PG_VERSION", 3),
            ])
    }

    @Test
    func `of a table in several parts each has its own pages, and neighbours go together`() {
        let last = UInt32(Self.part / Self.page)
        let layout = Self.layout([0, 1, 7, last - 1, last, 2 * last + 2])
        #expect(
            layout.ranges(of: "base/5/16400") == [
                0..<2 * Self.page, 7 * Self.page..<8 * Self.page, Self.part - Self.page..<Self.part,
            ])
        #expect(layout.ranges(of: "base/5/16400.1") == [0..<Self.page])
        #expect(layout.ranges(of: "base/5/16400.2") == [2 * Self.page..<3 * Self.page])
    }

    @Test
    func `catalogs, single pages and what is no table's main fork are laid out as they are`() {
        let layout = Self.layout([])
        for path in ["base/5/16400_vm", "base/5/1259", "base/5/16501", "pg_xact/0000", "PG_VERSION"] {
            #expect(layout.ranges(of: path) == nil, "\(path)")
        }
        for path in ["base/5/16400", "base/5/16500", "base/6/16400", "global/16600"] {
            #expect(layout.ranges(of: path) == [], "\(path)")
        }
        #expect(layout.bytes == 30 * Self.page + 3)
        #expect(Self.layout([0, 4], whole: [16500]).bytes == 52 * Self.page + 3)
        #expect(Self.layout([], whole: [16500]).ranges(of: "base/5/16500") == nil)
    }

    @Test
    func `a file that may be a copy of one with holes is not taken for whole`() {
        let layout = Self.layout([1])
        #expect(layout.hasBlocks(of: Self.table))
        let twin = RelationLocator(tablespace: .defaultTablespace, database: ObjectID(9), number: 16400)
        #expect(!layout.hasBlocks(of: twin) && !layout.isWhole(16400) && !layout.isWhole(16500))
        let new = RelationLocator(tablespace: .defaultTablespace, database: ObjectID(9), number: 20000)
        #expect(layout.hasBlocks(of: new) && layout.isWhole(20000) && layout.isWhole(16501))
    }
}
