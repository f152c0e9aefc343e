import AzureAPI
import PostgresFormat
import WALEvents

/// A record of the WAL for people and for programs.
enum RecordView {
    /// `0/3000028  733  Heap/INSERT  row added: …`
    static func line(_ record: borrowing WALRecord, _ relation: KnownRelation?) -> String {
        let kind = record.resourceManagerName + "/" + record.operationName
        let xid = record.xid == .none ? "-" : "\(record.xid)"
        return padded("\(record.start)", 12) + "  " + padded(xid, 10) + "  " + padded(kind, 26) + "  "
            + RecordWords.sentence(record) + suffix(relation)
    }

    /// ` (public.orders in database shop)`; nothing where it is not known.
    private static func suffix(_ relation: KnownRelation?) -> String {
        guard let relation else { return "" }
        let database = relation.databaseName.map { " in database " + SQLName.quoted($0) } ?? ""
        return " (\(name(relation))\(database))"
    }

    private static func name(_ relation: KnownRelation) -> String {
        [relation.schemaName, relation.name].compactMap { $0 }.map(SQLName.quoted).joined(separator: ".")
    }

    /// As `pg_waldump` begins its lines, with the blocks behind it.
    static func rawLine(_ record: borrowing WALRecord, _ relation: KnownRelation?) -> String {
        var text = "rmgr: \(padded(record.resourceManagerName, 11)) len (rec/tot): "
        text += "\(record.totalLength - UInt32(clamping: record.imageBytes))/\(record.totalLength), "
        text += "tx: \(record.xid), lsn: \(record.start), prev \(record.previous), end \(record.end), "
        text += "desc: \(record.operationName)"
        for block in record.blocks { text += ", " + blockText(block) }
        return text + suffix(relation)
    }

    private static func blockText(_ block: BlockReference) -> String {
        var text = "blkref #\(block.id): rel \(block.locator)"
        if block.fork != .main { text += " fork \(block.fork.name)" }
        text += " blk \(block.block)"
        if let image = block.image {
            text += image.applies ? " FPW" : " FPW for WAL verification"
            text += " (\(image.stored.count) bytes"
            if image.compression != .none { text += " \(image.compression.name)" }
            text += ", hole \(image.holeOffset)+\(image.holeLength))"
        }
        return text
    }

    static func document(
        _ record: borrowing WALRecord, _ relation: KnownRelation?, raw: Bool
    ) -> WALRecordDocument {
        WALRecordDocument(
            record, relation: relation.map(name), database: relation?.databaseName, raw: raw)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
