import PostgresFormat
import TestKit
import Testing
import TestValues

@testable import WALEvents

struct PackedPageTests {
    private func row(_ random: inout SeededRandom) -> CatalogRow? {
        let zeros = [UInt8](repeating: 0, count: Int(random.next() % 600))
        let some = random.bytes(Int(random.next() % 90))
        return CatalogRow(
            header: HeapRowHeader(infomask2: 3, infomask: 0x0800, dataOffset: 24),
            body: [0] + some + zeros + random.bytes(Int(random.next() % 3)) + zeros.prefix(1),
            creator: TransactionID(UInt32(random.next() % 3)))
    }

    @Test func `packed rows are what was put in, whatever is replaced and removed between`() throws {
        var random = SeededRandom()
        var page = PackedPage(lsn: .zero)
        var expected: [UInt16: CatalogRow] = [:]
        for _ in 0..<4000 {
            let number = UInt16(random.next() % 60 + 1)
            switch random.next() % 5 {
            case 0:
                page.remove(number)
                expected[number] = nil
            case 1 where expected[number] != nil:
                page.setTransactions(of: number, creator: .none, deleter: TransactionID(7))
                expected[number]?.creator = .none
                expected[number]?.deleter = TransactionID(7)
            case 2: page.tighten()
            default:
                let made = try #require(row(&random))
                page.set(made, number)
                expected[number] = made
            }
            #expect(page.numbers == expected.keys.sorted())
            let found = page[number]
            #expect(found?.values?.bytes.dropFirst(18) == expected[number]?.bytes.dropFirst(18))
            #expect(
                found?.creator == expected[number]?.creator && found?.deleter == expected[number]?.deleter)
        }
    }

    @Test func `a row of pg_class takes less than half of its bytes`() throws {
        // A short name in its 64 bytes, some small numbers, and a few flags.
        let name = Array("orders_2026_pkey".utf8)
        let body =
            [0, 0x10, 0x40, 0, 0] + name + [UInt8](repeating: 0, count: 64 - name.count)
            + [UInt8](repeating: 0, count: 40) + [1, 0, 0, 0, 114, 2, 0, 0, 1, 1, 0, 0]
        let row = try #require(
            CatalogRow(
                header: HeapRowHeader(infomask2: 33, infomask: 0x0801, dataOffset: 24), body: body,
                creator: TransactionID(800)))
        var page = PackedPage(lsn: .zero)
        for number in 1...40 { page.set(row, UInt16(number)) }
        page.tighten()
        #expect(page.heldBytes < 40 * row.bytes.count / 2)
    }

    @Test func `places by number are those of a plain dictionary of sets`() {
        var random = SeededRandom()
        var index = PlaceIndex()
        var expected: [UInt32: Set<RowPlace>] = [:]
        for _ in 0..<5000 {
            let number = UInt32(random.next() % 40)
            let place = RowPlace(block: UInt32(random.next() % 4), number: UInt16(random.next() % 3))
            if random.next() % 2 == 0 {
                index.insert(place, for: number)
                expected[number, default: []].insert(place)
            } else {
                index.remove(place, for: number)
                expected[number]?.remove(place)
            }
            #expect(Set(index[number]) == expected[number] ?? [])
            #expect(index[number].count == expected[number]?.count ?? 0)
        }
        #expect(Set(index.numbers) == Set(expected.filter { !$0.value.isEmpty }.keys))
    }
}
