import PostgresFormat

/// Gathers the continuation with which a segment begins, from its first pages on.
struct HeadCollector: Sendable {
    private(set) var fragment: WALFragment?
    private var isDone = false

    /// The most bytes that are gathered: those of a commit with a million subtransactions. A record with more
    /// is not put together.
    static let limit = 4 << 20

    mutating func feed(_ pages: UnsafeRawBufferPointer) {
        var offset = 0
        while !isDone, pages.count - offset >= WALPageHeader.pageSize {
            take(pages.part(offset, WALPageHeader.pageSize))
            offset += WALPageHeader.pageSize
        }
    }

    private mutating func take(_ page: UnsafeRawBufferPointer) {
        let missing = fragment.map { $0.length - $0.available }
        guard let header = WALPageHeader(page), header.remainingLength > 0,
            missing.map({ $0 == header.remainingLength }) ?? true
        else {
            isDone = true
            return
        }
        let count = min(Int(header.remainingLength), page.count - header.size)
        let known =
            fragment
            ?? WALFragment(
                start: header.address, length: header.remainingLength, available: 0, bytes: [])
        let isKept = known.bytes.count == Int(known.available) && known.bytes.count < Self.limit
        fragment = WALFragment(
            start: known.start, length: known.length, available: known.available + UInt32(count),
            bytes: isKept ? known.bytes + page.part(header.size, count) : known.bytes)
        isDone = count == Int(header.remainingLength)
    }
}
