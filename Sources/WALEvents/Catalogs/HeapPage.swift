import PostgresFormat

/// A page of a table, read into its rows.
///
/// Layout: `PageHeaderData` and `ItemIdData`, the same in PostgreSQL 15 to 18.
struct HeapPage {
    static let size = BlockImage.pageSize

    /// The end of the last record that changed it.
    let lsn: LSN
    /// By the number of the line pointer, from 1: only those that point to a row.
    let rows: [(number: UInt16, bytes: [UInt8])]

    /// Nil if the bytes are no page with rows; a page of zeros has none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        lsn = LSN(UInt64(bytes.load(0, as: UInt32.self)) << 32 | UInt64(bytes.load(4, as: UInt32.self)))
        let lower = Int(bytes.load(12, as: UInt16.self))
        let upper = Int(bytes.load(14, as: UInt16.self))
        if lower == 0 {
            rows = []
            return
        }
        guard lower >= Self.headerSize, lower <= upper, upper <= Self.size else { return nil }
        var rows: [(number: UInt16, bytes: [UInt8])] = []
        for index in 0..<(lower - Self.headerSize) / 4 {
            let pointer: UInt32 = bytes.load(Self.headerSize + 4 * index)
            let offset = Int(pointer & 0x7FFF)
            let isNormal = pointer >> 15 & 0x3 == 1
            let length = Int(pointer >> 17)
            guard isNormal, length >= CatalogRow.headerSize else { continue }
            guard offset >= upper, offset <= Self.size - length else { return nil }
            rows.append((UInt16(index + 1), Array(bytes[offset..<offset + length])))
        }
        self.rows = rows
    }

    private static let headerSize = 24
}

/// What a row's header says about the transactions that made and deleted it (`t_infomask`).
struct RowVisibility {
    enum Flag {
        static let xmaxIsLockOnly: UInt16 = 0x0080
        static let xminCommitted: UInt16 = 0x0100
        static let xminInvalid: UInt16 = 0x0200
        static let xmaxCommitted: UInt16 = 0x0400
        static let xmaxInvalid: UInt16 = 0x0800
        static let xmaxIsMulti: UInt16 = 0x1000
    }

    let xmin: TransactionID
    let xmax: TransactionID
    let infomask: UInt16
    /// Whether the row's own link points to a newer version.
    let hasSuccessor: Bool

    init(_ row: [UInt8], place: RowPlace) {
        xmin = TransactionID(row.load(0))
        xmax = TransactionID(row.load(4))
        infomask = row.load(20)
        let block = UInt32(row.load(12, as: UInt16.self)) << 16 | UInt32(row.load(14, as: UInt16.self))
        hasSuccessor = RowPlace(block: block, number: row.load(16)) != place
    }

    /// The row with what is not settled about it; nil if nobody will ever see it again.
    func row(_ bytes: [UInt8], status: (TransactionID) -> TransactionStatus) -> CatalogRow? {
        var creator = TransactionID.none
        if infomask & Flag.xminCommitted == 0 {
            if infomask & Flag.xminInvalid != 0 { return nil }
            switch status(xmin) {
            case .committed: break
            case .aborted: return nil
            case .running: creator = xmin
            }
        }
        var deleter = TransactionID.none
        let isDeleted =
            infomask & (Flag.xmaxInvalid | Flag.xmaxIsLockOnly) == 0 && xmax != .none
        if isDeleted {
            if infomask & Flag.xmaxCommitted != 0 { return nil }
            if infomask & Flag.xmaxIsMulti != 0 {
                // Who is among the lockers is not told here; an update leaves its link.
                if hasSuccessor { return nil }
            } else {
                switch status(xmax) {
                case .committed: return nil
                case .aborted: break
                case .running: deleter = xmax
                }
            }
        }
        return CatalogRow(bytes: bytes, creator: creator, deleter: deleter)
    }
}

/// What became of a transaction.
public enum TransactionStatus: Hashable, Sendable {
    case committed
    case aborted
    /// It has not ended as far as known.
    case running
}

/// Where a row lies in its relation.
struct RowPlace: Hashable, Sendable {
    var block: UInt32
    /// Of the line pointer, from 1.
    var number: UInt16
}
