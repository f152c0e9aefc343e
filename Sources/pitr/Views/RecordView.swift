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

    /// How many names a line has at most: a DROP DATABASE or TRUNCATE may have thousands.
    private static let mostNames = 20

    /// ` (public.orders, public.orders_pkey in database shop)`, in the record's order, with its number for
    /// what is not known; nothing where nothing is.
    private static func suffix(_ mentions: [RecordMention]) -> String {
        guard mentions.contains(where: { $0.relation != nil || $0.databaseName != nil }) else { return "" }
        var text = ""
        let told = mentions.prefix(mostNames)
        for (place, mention) in told.enumerated() {
            text += place == 0 ? "" : ", "
            guard let relation = mention.relation else {
                text += mention.databaseName.map { "database " + SQLName.quoted($0) } ?? mention.number
                continue
            }
            text += name(relation)
            // Said once behind those of one database.
            let next = place + 1 < told.count ? told[place + 1].databaseName : nil
            if let database = mention.databaseName, next != database {
                text += " in database " + SQLName.quoted(database)
            }
        }
        return " (\(text)" + (mentions.count > told.count ? " and \(mentions.count - told.count) more)" : ")")
    }

    private static func name(_ relation: KnownRelation) -> String {
        [relation.schemaName, relation.name].compactMap { $0 }.map(SQLName.quoted).joined(separator: ".")
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
            record, relation: relation.map(name), database: relation?.databaseName,
            relations: mentions.compactMap { mention in
                mention.relation.map {
                    WALRecordDocument.Named(
                        database: mention.databaseName, name: name($0), number: mention.number)
                }
            }, raw: raw)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
