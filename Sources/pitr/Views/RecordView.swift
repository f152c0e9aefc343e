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

    static func value(_ record: borrowing WALRecord, _ relation: KnownRelation?, raw: Bool) -> OutputValue {
        var fields: [String: OutputValue] = [
            "lsn": .text("\(record.start)"), "end": .text("\(record.end)"),
            "xid": record.xid == .none ? .null : .integer(Int(record.xid.rawValue)),
            "manager": .text(record.resourceManagerName), "operation": .text(record.operationName),
            "length": .integer(Int(record.totalLength)), "imageBytes": .integer(record.imageBytes),
            "text": .text(RecordWords.sentence(record)),
            "relation": relation.map { .text(name($0)) } ?? .null,
            "database": relation?.databaseName.map { .text($0) } ?? .null,
            "time": record.transactionEnd.map { .text("\($0.time)") } ?? .null,
        ]
        if raw {
            fields["previous"] = .text("\(record.previous)")
            fields["info"] = .integer(Int(record.info))
            fields["managerId"] = .integer(Int(record.resourceManagerID))
            fields["postgresVersion"] = .integer(record.version.rawValue)
            fields["origin"] = record.origin.map { .integer(Int($0)) } ?? .null
            fields["topLevelXid"] = record.topLevelTransaction.map { .integer(Int($0.rawValue)) } ?? .null
            fields["blocks"] = .list(record.blocks.map(value))
        }
        return .object(fields)
    }

    private static func value(_ block: BlockReference) -> OutputValue {
        .object([
            "id": .integer(Int(block.id)), "relation": .text("\(block.locator)"),
            "fork": .text(block.fork.name), "block": .integer(Int(block.block)),
            "dataBytes": .integer(block.data.count), "initializesPage": .bool(block.initializesPage),
            "image": block.image.map(value) ?? .null,
        ])
    }

    private static func value(_ image: BlockImage) -> OutputValue {
        .object([
            "bytes": .integer(image.stored.count), "compression": .text(image.compression.name),
            "holeOffset": .integer(image.holeOffset), "holeLength": .integer(image.holeLength),
            "applies": .bool(image.applies),
        ])
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
