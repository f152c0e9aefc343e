import AzureAPI
import PostgresFormat
import WALEvents

/// A record of the WAL for people and for programs.
enum RecordView {
    /// `0/3000028  733  Heap/INSERT  row added: …`
    static func line(_ record: borrowing WALRecord, _ mentions: [RecordMention]) -> String {
        let kind = record.resourceManagerName + "/" + record.operationName
        let xid = record.xid == .none ? "-" : "\(record.xid)"
        return padded("\(record.start)", 12) + "  " + padded(xid, 10) + "  " + padded(kind, 26) + "  "
            + RecordWords.sentence(record) + suffix(mentions)
    }

    /// ` (public.orders in database shop)`; nothing where nothing is known.
    private static func suffix(_ mentions: [RecordMention]) -> String {
        let words = mentions.words
        return words.isEmpty ? "" : " (\(words))"
    }

    /// As `pg_waldump` begins its lines, with the blocks behind it.
    static func rawLine(_ record: borrowing WALRecord, _ mentions: [RecordMention]) -> String {
        var text = "rmgr: \(padded(record.resourceManagerName, 11)) len (rec/tot): "
        text += "\(record.totalLength - UInt32(clamping: record.imageBytes))/\(record.totalLength), "
        text += "tx: \(record.xid), lsn: \(record.start), prev \(record.previous), end \(record.end), "
        text += "desc: \(record.operationName)"
        for block in record.blocks { text += ", " + blockText(block) }
        return text + suffix(mentions)
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
        _ record: borrowing WALRecord, _ mentions: [RecordMention], raw: Bool
    ) -> WALRecordDocument {
        // Of a record that names several none is the one it is about.
        let relation = mentions.count == 1 ? mentions[0].relation : nil
        return WALRecordDocument(
            record, relation: relation?.qualifiedName, database: relation?.databaseName,
            relations: mentions.compactMap { mention in
                mention.relation.map {
                    WALRecordDocument.Named(
                        database: mention.databaseName, name: $0.qualifiedName, number: mention.number)
                }
            }, raw: raw)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
