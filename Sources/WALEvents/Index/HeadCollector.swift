import PostgresFormat

/// Gathers the continuation with which a segment begins, from its first pages on.
struct HeadCollector: Sendable {
    private let limit: Int
    private var start = LSN.zero
    /// Nil until a continuation was met.
    private var length: UInt32?
    private var available: UInt32 = 0
    private var bytes: [UInt8] = []
    private var isDone = false

    /// The most bytes that are gathered, those of a page aside: of a commit with sixteen million
    /// subtransactions, or four million messages of invalidation. A record with more is not put together.
    static let limit = 64 << 20

    init(limit: Int = HeadCollector.limit) {
        self.limit = limit
    }

    var fragment: WALFragment? {
        length.map { WALFragment(start: start, length: $0, available: available, bytes: bytes) }
    }

    mutating func feed(_ pages: UnsafeRawBufferPointer) {
        var offset = 0
        while !isDone, pages.count - offset >= WALPageHeader.pageSize {
            take(pages.part(offset, WALPageHeader.pageSize))
            offset += WALPageHeader.pageSize
        }
    }

    private mutating func take(_ page: UnsafeRawBufferPointer) {
        guard let header = WALPageHeader(page), header.remainingLength > 0,
            length.map({ $0 - available == header.remainingLength }) ?? true
        else {
            isDone = true
            return
        }
        if length == nil {
            length = header.remainingLength
            start = header.address
        }
        let count = min(Int(header.remainingLength), page.count - header.size)
        if bytes.count == Int(available), bytes.count < limit {
            bytes.append(contentsOf: page.part(header.size, count))
        }
        available += UInt32(count)
        isDone = count == Int(header.remainingLength)
    }
}
