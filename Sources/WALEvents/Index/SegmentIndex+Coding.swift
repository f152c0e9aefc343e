import PostgresFormat

/// Why bytes are not the part of an index they should be: cut short, or content that no encoder writes.
public struct IndexDamage: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// The three parts of an index as bytes. Their checksums and the identity are with whoever stores them.
extension SegmentIndex.Summary {
    public func encode() -> [UInt8] {
        var writer = IndexWriter()
        writer.put(byte: isJoined ? 1 : 0)
        writer.optional(firstRecord) { $0.put($1.rawValue) }
        writer.optional(lastRecordEnd) { $0.put($1.rawValue) }
        for count in [commits, aborts, prepares] { writer.put(UInt64(count)) }
        writer.optional(firstTime) { $0.put(signed: $1.microseconds) }
        writer.optional(lastTime) { $0.put(signed: $1.microseconds) }
        writer.optional(latestXID) { $0.put(UInt64($1.rawValue)) }
        writer.put(UInt64(activity.count))
        var minute: Int64 = 0
        for entry in activity {
            writer.put(signed: entry.minute &- minute)
            writer.put(UInt64(entry.commits))
            minute = entry.minute
        }
        writer.put(UInt64(catalogs.count))
        for catalog in catalogs { writer.put(catalog) }
        writer.put(open, after: latestXID?.rawValue ?? 0)
        var changeStream = ChangeStream()
        for change in changes { changeStream.append(change) }
        writer.put(count: changeStream.count, changeStream.writer)
        var endStream = EndStream()
        for end in ends { endStream.append(end) }
        writer.put(count: endStream.count, endStream.writer)
        writer.put(UInt64(kept.count))
        var position: UInt64 = 0
        for record in kept {
            writer.put(signed: Int64(bitPattern: record.start.rawValue &- position))
            writer.put(record.end.rawValue &- record.start.rawValue)
            writer.put(byte: UInt8(record.version.rawValue))
            writer.put(raw: record.bytes)
            position = record.start.rawValue
        }
        return writer.bytes
    }

    /// Reads what `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(IndexDamage) {
        let decoded = bytes.withUnsafeBytes { buffer -> Self? in
            var reader = IndexReader(buffer)
            let summary = Self(&reader, bytes)
            return reader.isWhole ? summary : nil
        }
        guard let decoded else { throw IndexDamage("its summary cannot be read") }
        self = decoded
    }

    /// - Parameter bytes: what the reader reads, from the first on.
    private init(_ reader: inout IndexReader, _ bytes: [UInt8]) {
        isJoined = reader.bool()
        firstRecord = reader.optional { LSN($0.number()) }
        lastRecordEnd = reader.optional { LSN($0.number()) }
        commits = reader.small()
        aborts = reader.small()
        prepares = reader.small()
        firstTime = reader.optional { PostgresTimestamp(microseconds: $0.signed()) }
        lastTime = reader.optional { PostgresTimestamp(microseconds: $0.signed()) }
        latestXID = reader.optional { TransactionID($0.small()) }
        var minute: Int64 = 0
        activity = reader.list { reader in
            minute = minute &+ reader.signed()
            return SegmentIndex.Activity(minute: minute, commits: reader.small())
        }
        catalogs = reader.list { $0.relation() }
        open = reader.transactions(after: latestXID?.rawValue ?? 0)
        changes = ChangeStream.read(&reader)
        ends = EndStream.read(&reader)
        var position: UInt64 = 0
        kept = reader.list { reader in
            position = position &+ UInt64(bitPattern: reader.signed())
            let end = position &+ reader.number()
            let version = WALVersion(rawValue: Int(reader.byte()))
            if version == nil { reader.fail() }
            return KeptRecord(
                start: LSN(position), end: LSN(end), version: version ?? .v15, in: bytes, reader.rawRange())
        }
    }
}

extension SegmentIndex.Detail {
    public func encode() -> [UInt8] {
        var ends = EndStream()
        for end in self.ends { ends.append(end) }
        var changes = ChangeStream()
        for change in self.changes { changes.append(change) }
        return Self.encode(ends: ends, changes: changes)
    }

    static func encode(ends: EndStream, changes: ChangeStream) -> [UInt8] {
        var writer = IndexWriter()
        writer.put(count: ends.count, ends.writer)
        writer.put(count: changes.count, changes.writer)
        return writer.bytes
    }

    /// Reads what `encode` wrote.
    public init(decoding bytes: [UInt8]) throws(IndexDamage) {
        let decoded = bytes.withUnsafeBytes { bytes -> Self? in
            var reader = IndexReader(bytes)
            let detail = Self(ends: EndStream.read(&reader), changes: ChangeStream.read(&reader))
            return reader.isWhole ? detail : nil
        }
        guard let decoded else { throw IndexDamage("its detail cannot be read") }
        self = decoded
    }
}

extension IndexWriter {
    mutating func put(_ relation: RelationLocator) {
        put(UInt64(relation.tablespace.rawValue))
        put(UInt64(relation.database.rawValue))
        put(UInt64(relation.number))
    }
}

extension IndexReader {
    mutating func relation() -> RelationLocator {
        RelationLocator(
            tablespace: ObjectID(small()), database: ObjectID(small()), number: small())
    }
}
