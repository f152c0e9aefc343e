import PostgresFormat
import Testing
import WALEvents

@testable import Repair

/// Which rows can differ on two servers that were one, by what WAL names.
struct TouchedRowTests {
    private static let file = RelationLocator(
        tablespace: .defaultTablespace, database: ObjectID(5), number: 16_400)
    private static let database: [UInt8] = little(UInt32(5)) + little(UInt32(1663))

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func record(
        _ manager: ResourceManager, _ info: UInt8, xid: UInt32 = 0, _ content: [UInt8]
    ) -> KeptRecord {
        let length = UInt32(WALRecord.headerSize + content.count)
        let header = little(length) + little(xid) + little(UInt64(0)) + [info, manager.rawValue, 0, 0]
        let bytes = header + little(CRC32C.checksum(content + header)) + content
        return KeptRecord(start: LSN(4096), end: LSN(4096 + UInt64(length)), version: .v15, bytes: bytes)
    }

    private static func main(_ data: [UInt8]) -> [UInt8] { [255, UInt8(data.count)] + data }

    /// With one block of a relation's main fork.
    private static func onBlock(
        _ manager: ResourceManager, _ info: UInt8, xid: UInt32, _ block: UInt32, _ data: [UInt8]
    ) -> KeptRecord {
        let place = [file.tablespace.rawValue, file.database.rawValue, file.number, block].flatMap {
            little($0)
        }
        return record(manager, info, xid: xid, [0, 0, 0, 0] + place + main(data))
    }

    private static func insert(_ xid: UInt32, _ block: UInt32, _ row: UInt16) -> KeptRecord {
        onBlock(.heap, 0x00, xid: xid, block, little(row) + [0])
    }

    private static func lock(_ xid: UInt32) -> KeptRecord {
        onBlock(.heap, 0x60, xid: xid, 9, little(xid) + [1, 0, 0, 0])
    }

    private static func end(_ info: UInt8, _ xid: UInt32) -> KeptRecord {
        record(.transaction, info, xid: xid, main(little(Int64(0))))
    }

    private static func touched(_ records: [KeptRecord], earlier: [KeptRecord] = []) -> TouchedRows {
        var touched = TouchedRows()
        for kept in records { #expect(kept.withRecord { touched.add($0) } != nil) }
        for kept in earlier { #expect(kept.withRecord { touched.addEarlier($0) } != nil) }
        return touched
    }

    private static func extent(_ touched: TouchedRows, pages: UInt64 = 1000) -> TouchedRows.Extent {
        touched.extent(of: file, pages: pages)
    }

    @Test func `what WAL names is read, in order and once, and nothing of what it does not name`() {
        let touched = Self.touched([
            Self.insert(700, 7, 3), Self.insert(701, 2, 1), Self.insert(700, 7, 3), Self.lock(700),
        ])
        let rows = [RowAddress(block: 2, offset: 1), RowAddress(block: 7, offset: 3)]
        #expect(Self.extent(touched) == .some(pages: [], rows: rows))
        #expect(Self.extent(Self.touched([])) == .some(pages: [], rows: []))
        #expect(touched.unreadable == nil)
    }

    @Test func `a page of which many rows are named is read with all of them`() {
        let some = (1...16).map { Self.insert(700, 7, $0) }
        guard case .some([], let rows) = Self.extent(Self.touched(some)) else {
            Issue.record("16 rows are read one by one")
            return
        }
        #expect(rows.count == 16)
        let many = some + [Self.insert(700, 7, 17), Self.insert(700, 8, 1)]
        let one = [RowAddress(block: 8, offset: 1)]
        #expect(Self.extent(Self.touched(many)) == .some(pages: [7], rows: one))
    }

    @Test func `where half of it is named all of it is read, but for a few pages`() {
        let rows = (0..<6).flatMap { block in (1...17).map { Self.insert(700, block, $0) } }
        let touched = Self.touched(rows)
        #expect(Self.extent(touched, pages: 11) == .whole)
        #expect(Self.extent(touched, pages: 13) == .some(pages: [0, 1, 2, 3, 4, 5], rows: []))
        #expect(Self.extent(touched, pages: 8) == .some(pages: [0, 1, 2, 3, 4, 5], rows: []))
    }

    @Test func `what was written before counts where its transaction committed since`() {
        let earlier = [Self.insert(650, 1, 1), Self.insert(651, 2, 2), Self.insert(0, 3, 3)]
        let touched = Self.touched([Self.end(0x00, 650), Self.end(0x20, 651)], earlier: earlier)
        #expect(Self.extent(touched) == .some(pages: [], rows: [RowAddress(block: 1, offset: 1)]))
        #expect(touched.oldest == TransactionID(650))
    }

    @Test func `a file or a database that was made since is read whole`() {
        let fork: [UInt8] = Self.little(UInt32(0))
        let place = [Self.file.tablespace.rawValue, Self.file.database.rawValue, Self.file.number]
            .flatMap { Self.little($0) }
        let made = Self.record(.storage, 0x10, Self.main(place + fork))
        #expect(Self.extent(Self.touched([made, Self.insert(700, 7, 3)])) == .whole)
        let database = Self.record(.database, 0x10, Self.main(Self.database))
        #expect(Self.extent(Self.touched([database])) == .whole)
    }

    @Test func `nothing is concluded behind a record that does not say which row it is about`() {
        let unknown = Self.record(.heap, 0x00, xid: 700, Self.main([]))
        #expect(Self.touched([unknown]).unreadable == LSN(4096))
    }
}
