import PostgresFormat

/// Numbers that lie close together, such as pages of a table.
struct NumberSet: Hashable, Sendable {
    private static let numbersOfChunk: UInt32 = 1024
    private var chunks: [UInt32: [UInt64]] = [:]

    mutating func insert(_ number: UInt32) {
        let place = Int(number % Self.numbersOfChunk)
        chunks[number / Self.numbersOfChunk, default: [UInt64](repeating: 0, count: 16)][place / 64] |=
            1 << UInt64(place % 64)
    }

    func contains(_ number: UInt32) -> Bool {
        let place = Int(number % Self.numbersOfChunk)
        guard let chunk = chunks[number / Self.numbersOfChunk] else { return false }
        return chunk[place / 64] & 1 << UInt64(place % 64) != 0
    }

    var count: Int { chunks.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } } }

    /// In ascending order.
    var sorted: [UInt32] {
        var found: [UInt32] = []
        found.reserveCapacity(count)
        for (number, chunk) in chunks.sorted(by: { $0.key < $1.key }) {
            for (place, word) in chunk.enumerated() where word != 0 {
                for bit in 0..<64 where word & 1 << UInt64(bit) != 0 {
                    found.append(number * Self.numbersOfChunk + UInt32(place * 64 + bit))
                }
            }
        }
        return found
    }
}

/// Addresses of rows in one file, and pages of which all rows count.
///
/// Where many rows of a page are touched the page stands for them, so that a table that is written from end
/// to end takes a bit for each of its pages; otherwise a row takes eight bytes, up to `mostRows`.
struct RowSet: Hashable, Sendable {
    /// A page has that many touched rows before it stands for all of them.
    private static let rowsBeforePage = 16
    /// Beyond, pages stand for all rows of the file: 16 MiB.
    private static let mostRows = 1 << 21
    private var pages = NumberSet()
    /// Block and line pointer of each; the first `settled` ones in ascending order, each once.
    private var packed: [UInt64] = []
    private var settled = 0

    mutating func insert(page: UInt32) { pages.insert(page) }

    mutating func insert(_ address: RowAddress) {
        guard !pages.contains(address.block) else { return }
        packed.append(UInt64(address.block) << 16 | UInt64(address.offset))
        if packed.count >= max(2 * settled, 1 << 12) { settle() }
    }

    private mutating func settle() {
        packed.sort()
        var kept: [UInt64] = []
        kept.reserveCapacity(packed.count)
        var begin = packed.startIndex
        let most = packed.count > Self.mostRows ? 0 : Self.rowsBeforePage
        while begin < packed.endIndex {
            let page = packed[begin] >> 16
            let first = kept.count
            var end = begin
            while end < packed.endIndex, packed[end] >> 16 == page {
                if kept.count == first || kept.last != packed[end] { kept.append(packed[end]) }
                end += 1
            }
            if kept.count - first > most || pages.contains(UInt32(page)) {
                pages.insert(UInt32(page))
                kept.removeSubrange(first...)
            }
            begin = end
        }
        packed = kept
        settled = kept.count
    }

    /// In ascending order: pages of which all rows count, and rows of others.
    var sorted: (pages: [UInt32], rows: [RowAddress]) {
        var set = self
        set.settle()
        return (
            set.pages.sorted,
            set.packed.map { RowAddress(block: UInt32($0 >> 16), offset: UInt16($0 & 0xFFFF)) }
        )
    }
}
