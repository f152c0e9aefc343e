import PostgresFormat
import WALEvents

/// Single records as PostgreSQL 15 would write them, for what no single session brings about.
enum CraftedRecord {
    static let relation = RelationLocator(
        tablespace: .defaultTablespace, database: ObjectID(5), number: 16_400)

    /// A record with one block and these main data.
    static func heap(
        _ info: UInt8, manager: ResourceManager = .heap, xid: UInt32, at start: UInt64,
        relation: RelationLocator = relation, main: [UInt8]
    ) -> KeptRecord {
        var block: [UInt8] = [0, 0, 0, 0]
        for number in [relation.tablespace.rawValue, relation.database.rawValue, relation.number, 0] {
            block += little(number)
        }
        return record(info, manager, xid, start, block + [255, UInt8(main.count)] + main)
    }

    static func insert(xid: UInt32, at start: UInt64, isSpeculative: Bool = false) -> KeptRecord {
        heap(0x00, xid: xid, at: start, main: [1, 0, isSpeculative ? 0x04 : 0])
    }

    /// - Parameter flags: 0x08 takes a speculative insertion back, 0x10 moves to another partition.
    static func delete(xid: UInt32, at start: UInt64, flags: UInt8) -> KeptRecord {
        heap(0x10, xid: xid, at: start, main: little(xid) + [1, 0, 0, flags])
    }

    static func multiInsert(xid: UInt32, at start: UInt64, rows: UInt16) -> KeptRecord {
        heap(
            0x50 | 0x80, manager: .heap2, xid: xid, at: start,
            main: [0, 0, UInt8(rows & 0xFF), UInt8(rows >> 8)])
    }

    static func commit(xid: UInt32, at start: UInt64, time: Int64, subtransactions: [UInt32] = [])
        -> KeptRecord
    {
        ended(0x00, xid, start, time, subtransactions)
    }

    static func abort(xid: UInt32, at start: UInt64, time: Int64) -> KeptRecord {
        ended(0x20, xid, start, time, [])
    }

    private static func ended(
        _ operation: UInt8, _ xid: UInt32, _ start: UInt64, _ time: Int64, _ subtransactions: [UInt32]
    ) -> KeptRecord {
        var main = little(time)
        if !subtransactions.isEmpty {
            main += little(UInt32(2)) + little(UInt32(subtransactions.count))
            for subtransaction in subtransactions { main += little(subtransaction) }
        }
        let info = operation | (subtransactions.isEmpty ? 0 : 0x80)
        return record(info, .transaction, xid, start, [254] + little(UInt32(main.count)) + main)
    }

    private static func record(
        _ info: UInt8, _ manager: ResourceManager, _ xid: UInt32, _ start: UInt64, _ content: [UInt8]
    ) -> KeptRecord {
        let length = WALRecord.headerSize + content.count
        let header =
            little(UInt32(length)) + little(xid) + little(start - 8) + [info, manager.rawValue, 0, 0]
        let crc = CRC32C.checksum(content + header)
        return KeptRecord(
            start: LSN(start), end: LSN((start + UInt64(length) + 7) & ~7), version: .v15,
            bytes: header + little(crc) + content)
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
