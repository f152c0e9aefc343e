public import PostgresFormat

extension WALCraft {
    /// A record that has main data only.
    @discardableResult
    public mutating func record(
        _ manager: ResourceManager, info: UInt8, xid: UInt32 = 0, mainData: [UInt8]
    ) -> Record {
        append(manager.rawValue, info: info, xid: xid, body: Self.body(mainData: mainData))
    }

    /// A commit; `extra` pads the record with as many invalidation messages of 16 bytes.
    @discardableResult
    public mutating func commit(_ xid: UInt32, at time: PostgresTimestamp, extra: Int = 0) -> Record {
        let parts = TransactionParts(invalidations: extra)
        return record(
            .transaction, info: extra > 0 ? 0x80 : 0, xid: xid, mainData: parts.data(time, isCommit: true))
    }

    @discardableResult
    public mutating func abort(_ xid: UInt32, at time: PostgresTimestamp) -> Record {
        record(.transaction, info: 0x20, xid: xid, mainData: Self.little(time.microseconds))
    }

    @discardableResult
    public mutating func prepare(_ xid: UInt32, at time: PostgresTimestamp, extra: Int = 0) -> Record {
        var data = Self.little(UInt32(0x57F9_4534)) + Self.little(UInt32(0)) + Self.little(xid)
        data += Self.little(UInt32(5)) + Self.little(time.microseconds)
        data += [UInt8](repeating: 0, count: 32 + extra)
        return record(.transaction, info: 0x10, xid: xid, mainData: data)
    }

    /// The commit or abort of a prepared transaction, by a session of another number.
    @discardableResult
    public mutating func endPrepared(
        _ prepared: UInt32, commit isCommit: Bool, at time: PostgresTimestamp,
        with parts: TransactionParts = TransactionParts()
    ) -> Record {
        var parts = parts
        parts.prepared = prepared
        return record(
            .transaction, info: (isCommit ? 0x30 : 0x40) | 0x80,
            mainData: parts.data(time, isCommit: isCommit))
    }

    @discardableResult
    public mutating func restorePoint(_ name: String, at time: PostgresTimestamp) -> Record {
        var text = Array(name.utf8.prefix(63))
        text += [UInt8](repeating: 0, count: 64 - text.count)
        return record(.xlog, info: 0x70, mainData: Self.little(time.microseconds) + text)
    }

    @discardableResult
    public mutating func parameterChange(_ parameters: WALParameters) -> Record {
        let numbers = [
            parameters.maxConnections, parameters.maxWorkerProcesses, parameters.maxWalSenders,
            parameters.maxPreparedTransactions, parameters.maxLocksPerTransaction,
            parameters.walLevel.rawValue,
        ]
        return record(.xlog, info: 0x60, mainData: numbers.flatMap { Self.little($0) } + [0, 0, 0, 0])
    }

    /// An ordinary tablespace at `path`, or an in-place one when that is empty.
    @discardableResult
    public mutating func createTablespace(at path: String) -> Record {
        record(.tablespace, info: 0x00, mainData: Self.little(UInt32(16_400)) + Array(path.utf8) + [0])
    }

    /// A heap record with one block: `data` as its changes, and optionally a page image of that many bytes.
    @discardableResult
    public mutating func heap(_ xid: UInt32, data: [UInt8], image: Int? = nil) -> Record {
        var body: [UInt8] = [0, 0x20 | (image == nil ? 0 : 0x10)] + Self.little(UInt16(data.count))
        if let image {
            body += Self.little(UInt16(image)) + Self.little(UInt16(100)) + [0x01]
        }
        for number: UInt32 in [1663, 5, 16_384, 7] { body += Self.little(number) }
        body += [255, 3]
        body += [UInt8](repeating: 0x5A, count: image ?? 0) + data + [1, 2, 3]
        return append(ResourceManager.heap.rawValue, info: 0x00, xid: xid, body: body)
    }

    /// Fills the WAL with records up to `count` bytes (a multiple of 8) before the end of the page, or of the
    /// segment.
    public mutating func fill(leaving count: Int, ofSegment: Bool = false) {
        let size = ofSegment ? Int(first.size.bytes) : WALPageHeader.pageSize
        let target = bytes.count + size - bytes.count % size - count
        while bytes.count < target {
            let header =
                bytes.count % WALPageHeader.pageSize > 0 ? 0 : position % first.size.bytes > 0 ? 24 : 40
            let limit = min(roomOnPage, target - bytes.count) - header
            // Two records can always share what one of 2048 bytes leaves of more than 4096.
            let length = limit > 4096 ? 2048 : limit
            if length >= 32 {
                append(
                    ResourceManager.heap.rawValue, info: 0x10, xid: 3, body: Self.body(ofLength: length - 24))
            } else if limit == roomOnPage - header {
                append(ResourceManager.heap.rawValue, info: 0x10, xid: 3, body: Self.body(ofLength: 64))
            } else {
                return
            }
        }
    }

    /// The data header and `data` behind it.
    public static func body(mainData data: [UInt8]) -> [UInt8] {
        if data.isEmpty { return [] }
        return data.count < 256
            ? [255, UInt8(data.count)] + data : [254] + little(UInt32(data.count)) + data
    }

    /// A body of exactly that many bytes that is nothing but main data; at least 8.
    static func body(ofLength length: Int) -> [UInt8] {
        length - 2 < 256
            ? [255, UInt8(length - 2)] + [UInt8](repeating: 0x33, count: length - 2)
            : [254] + little(UInt32(length - 5)) + [UInt8](repeating: 0x33, count: length - 5)
    }
}

/// The optional parts of a commit or abort record.
public struct TransactionParts: Hashable, Sendable {
    public var subtransactions: [UInt32]
    public var relationFiles: Int
    public var droppedStatistics: Int
    public var invalidations: Int
    public var hasDatabase: Bool
    public var prepared: UInt32?

    public init(
        subtransactions: [UInt32] = [], relationFiles: Int = 0, droppedStatistics: Int = 0,
        invalidations: Int = 0, hasDatabase: Bool = false, prepared: UInt32? = nil
    ) {
        self.subtransactions = subtransactions
        self.relationFiles = relationFiles
        self.droppedStatistics = droppedStatistics
        self.invalidations = invalidations
        self.hasDatabase = hasDatabase
        self.prepared = prepared
    }

    func data(_ time: PostgresTimestamp, isCommit: Bool) -> [UInt8] {
        var flags: UInt32 = 0
        var parts: [UInt8] = []
        func list(_ flag: UInt32, _ count: Int, size: Int) {
            guard count > 0 else { return }
            flags |= flag
            parts += WALCraft.little(Int32(count)) + [UInt8](repeating: 0x11, count: count * size)
        }
        if hasDatabase {
            flags |= 1
            parts += WALCraft.little(UInt32(5)) + WALCraft.little(UInt32(1663))
        }
        if !subtransactions.isEmpty {
            flags |= 2
            parts += WALCraft.little(Int32(subtransactions.count))
            parts += subtransactions.flatMap { WALCraft.little($0) }
        }
        list(4, relationFiles, size: 12)
        list(256, droppedStatistics, size: 12)
        if isCommit { list(8, invalidations, size: 16) }
        if let prepared {
            flags |= 16
            parts += WALCraft.little(prepared)
        }
        return WALCraft.little(time.microseconds) + (flags == 0 ? [] : WALCraft.little(flags) + parts)
    }
}
