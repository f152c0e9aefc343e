/// What stands for one row of a comparison: hashes of its key's and of its whole text, and where it lies.
///
/// Two rows with different hashes have different texts. Two with the same 128 bits are taken for equal: the
/// hashes are seeded anew for each comparison, so that nobody can prepare rows that only seem to be.
public struct RowDigest: Hashable, Sendable, BitwiseCopyable {
    /// Of the key's text; of the whole row's where there is no key.
    public var key: (high: UInt64, low: UInt64) { (keyHigh, keyLow) }
    var keyHigh: UInt64
    var keyLow: UInt64
    var rowHigh: UInt64
    var rowLow: UInt64
    var block: UInt32
    var offset: UInt16
    /// Of the row's text, in bytes.
    var length: UInt32
    /// Where it is kept among the side's texts; 0 where it is not.
    var text: UInt32 = 0

    public init(
        key: (UInt64, UInt64), row: (UInt64, UInt64), address: RowAddress = RowAddress(block: 0, offset: 0),
        length: UInt32 = 0
    ) {
        (keyHigh, keyLow) = key
        (rowHigh, rowLow) = row
        (block, offset) = (address.block, address.offset)
        self.length = length
    }

    public var address: RowAddress { RowAddress(block: block, offset: offset) }

    func hasKey(of other: RowDigest) -> Bool { keyHigh == other.keyHigh && keyLow == other.keyLow }

    func precedesKey(of other: RowDigest) -> Bool {
        (keyHigh, keyLow) < (other.keyHigh, other.keyLow)
    }

    func isSameRow(as other: RowDigest) -> Bool { rowHigh == other.rowHigh && rowLow == other.rowLow }

    func precedes(_ other: RowDigest) -> Bool {
        (keyHigh, keyLow, rowHigh, rowLow) < (other.keyHigh, other.keyLow, other.rowHigh, other.rowLow)
    }
}

/// A row that is not the same on both sides.
public enum RowMatch: Hashable, Sendable {
    case onlyHere(RowDigest)
    case onlyThere(RowDigest)
    /// The same key, another row.
    case different(RowDigest, RowDigest)

    /// Finds what differs between two sides' rows, as multisets: of rows that are there more than once, as
    /// many as one side has more.
    ///
    /// - Parameters:
    ///   - here: in any order, as the other one.
    public static func all(here: [RowDigest], there: [RowDigest]) -> [RowMatch] {
        let here = here.sorted { $0.precedes($1) }
        let there = there.sorted { $0.precedes($1) }
        var found: [RowMatch] = []
        var (left, right) = (0, 0)
        while left < here.count || right < there.count {
            guard left < here.count else {
                found.append(.onlyThere(there[right]))
                right += 1
                continue
            }
            guard right < there.count else {
                found.append(.onlyHere(here[left]))
                left += 1
                continue
            }
            if here[left].precedesKey(of: there[right]) {
                found.append(.onlyHere(here[left]))
                left += 1
            } else if there[right].precedesKey(of: here[left]) {
                found.append(.onlyThere(there[right]))
                right += 1
            } else {
                let ends = (end(of: left, in: here), end(of: right, in: there))
                found += sameKey(here[left..<ends.0], there[right..<ends.1])
                (left, right) = ends
            }
        }
        return found
    }

    private static func end(of place: Int, in rows: [RowDigest]) -> Int {
        var end = place + 1
        while end < rows.count, rows[end].hasKey(of: rows[place]) { end += 1 }
        return end
    }

    /// A key has one row, unless an index is damaged or there is no key.
    private static func sameKey(_ here: ArraySlice<RowDigest>, _ there: ArraySlice<RowDigest>) -> [RowMatch] {
        var (left, right) = (here.startIndex, there.startIndex)
        var (restHere, restThere): ([RowDigest], [RowDigest]) = ([], [])
        while left < here.endIndex || right < there.endIndex {
            if left < here.endIndex, right < there.endIndex, here[left].isSameRow(as: there[right]) {
                left += 1
                right += 1
            } else if right == there.endIndex
                || (left < here.endIndex && here[left].precedes(there[right]))
            {
                restHere.append(here[left])
                left += 1
            } else {
                restThere.append(there[right])
                right += 1
            }
        }
        let pairs = min(restHere.count, restThere.count)
        return (0..<pairs).map { .different(restHere[$0], restThere[$0]) }
            + restHere[pairs...].map { .onlyHere($0) } + restThere[pairs...].map { .onlyThere($0) }
    }
}
