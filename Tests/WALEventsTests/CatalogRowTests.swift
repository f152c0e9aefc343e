import PostgresFormat
import TestKit
import Testing
import TestValues

@testable import WALEvents

struct CatalogRowTests {
    private let xid = TransactionID(900)

    private func row(_ values: [UInt8], bitmap: [UInt8] = []) -> CatalogRow? {
        CatalogRow(
            header: HeapRowHeader(
                infomask2: 3, infomask: 0, dataOffset: UInt8(CatalogRow.headerSize + bitmap.count)),
            body: bitmap + values, creator: xid)
    }

    @Test func `puts an updated row together from both ends of the old one`() throws {
        let old = try #require(row([1, 2, 3, 4, 5, 6, 7, 8], bitmap: [0]))
        let new = old.updated(
            header: HeapRowHeader(infomask2: 3, infomask: 0, dataOffset: 25), body: [9, 9, 40, 50],
            prefix: 3, suffix: 2, creator: TransactionID(901))
        #expect(new?.bytes.suffix(9) == [9, 9, 1, 2, 3, 40, 50, 7, 8])
        #expect(new?.creator == TransactionID(901) && new?.deleter == TransactionID.none)
    }

    @Test func `refuses an update that takes more from the old row than it has`() throws {
        let old = try #require(row([1, 2, 3]))
        let header = HeapRowHeader(infomask2: 3, infomask: 0, dataOffset: 23)
        for (prefix, suffix) in [(4, 0), (0, 4), (-1, 0), (65_535, 65_535)] {
            #expect(
                old.updated(header: header, body: [], prefix: prefix, suffix: suffix, creator: xid) == nil)
        }
        let beyond = HeapRowHeader(infomask2: 3, infomask: 0, dataOffset: 255)
        #expect(old.updated(header: beyond, body: [1], prefix: 1, suffix: 0, creator: xid) == nil)
    }

    @Test func `overwrites values in place only where the size stays`() throws {
        let old = try #require(row([1, 2, 3]))
        #expect(old.replacingValues([7, 8, 9])?.bytes.suffix(3) == [7, 8, 9])
        #expect(old.replacingValues([7, 8]) == nil)
    }

    @Test func `any bytes as a page or a row are read without harm`() {
        var random = SeededRandom()
        let layout = CatalogLayout(.v18)
        for _ in 0..<300 {
            var bytes = random.bytes(HeapPage.size)
            // Plausible bounds, so that line pointers are looked at.
            bytes.store(UInt16(24 + 4 * (random.next() % 300)), at: 12)
            bytes.store(UInt16(1300 + random.next() % 6000), at: 14)
            for (number, row) in HeapPage(bytes)?.rows ?? [] {
                let place = RowPlace(block: 0, number: number)
                let seen = RowVisibility(row, place: place).row(row) { _ in .running }
                for kind in CatalogKind.allCases { _ = seen.flatMap { layout.entry(kind, $0) } }
            }
            _ = RelationMap(Array(bytes.prefix(Int(random.next() % 600))))
        }
    }

    @Test func `reads a page's rows and passes over pointers that are not rows`() throws {
        var page = [UInt8](repeating: 0, count: HeapPage.size)
        page.store(UInt32(1), at: 0)
        page.store(UInt32(0x2000), at: 4)
        page.store(UInt16(24 + 12), at: 12)
        page.store(UInt16(8000), at: 14)
        page.store(UInt32(8000 | 1 << 15 | 30 << 17), at: 24)
        page.store(UInt32(1 | 2 << 15), at: 28)
        page.store(UInt32(0), at: 32)
        let read = try #require(HeapPage(page))
        #expect(read.lsn == LSN(0x1_0000_2000))
        #expect(read.rows.map(\.number) == [1])
    }

    // MARK: The map of the catalogs

    @Test(arguments: [(62, 512), (64, 524)])
    func `reads the map of either size and refuses a damaged one`(_ room: Int, _ size: Int) throws {
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.store(UInt32(0x592717), at: 0)
        bytes.store(Int32(2), at: 4)
        for (index, number) in [1259, 16_400, 1249, 1249].enumerated() {
            bytes.store(UInt32(number), at: 8 + 4 * index)
        }
        bytes.store(CRC32C.checksum(Array(bytes[..<(8 + 8 * room)])), at: 8 + 8 * room)
        let map = try #require(RelationMap(bytes))
        #expect(map.files == [ObjectID(1259): 16_400, ObjectID(1249): 1249])
        for index in stride(from: 0, to: 8 + 8 * room + 4, by: 37) {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(RelationMap(damaged) == nil)
        }
        #expect(RelationMap([]) == nil)
    }

    // MARK: Netting

    private func change(_ name: String?, object: UInt32 = 16_384, at lsn: UInt64) -> CatalogChange {
        CatalogChange(
            database: ObjectID(5),
            entry: .schema(NamedEntry(object: ObjectID(object), name: name ?? "old")),
            isInsertion: name != nil, record: LSN(lsn))
    }

    @Test func `what a transaction made and removed again is nothing`() {
        #expect(NetChange.netting([change("a", at: 1), change(nil, at: 2)]).isEmpty)
    }

    @Test func `several changes of one row are one, from what was before to what is after`() {
        let nets = NetChange.netting([
            change(nil, at: 1), change("b", at: 1), change(nil, at: 5), change("c", at: 5),
        ])
        #expect(nets.count == 1)
        #expect(nets.first?.before?.name == "old" && nets.first?.after?.name == "c")
        #expect(nets.first?.steps.map(\.new.name) == ["b", "c"])
        #expect(nets.first?.record == LSN(1))
    }
}
