public import Planning
import Platform
public import PostgresFormat
import Repository
public import WALEvents

/// The names of relations at the records of a stretch of WAL, brought forward record by record.
public struct RecordNames {
    private let start: LSN
    private var assembler: EventAssembler
    /// What was looked up since the catalogs changed last.
    private var known: [RelationLocator: KnownRelation?] = [:]

    fileprivate init(_ assembler: EventAssembler, from start: LSN) {
        self.assembler = assembler
        self.start = start
    }

    /// What a record is about or names by numbers, as it is called where the record begins: of a record with
    /// blocks the relation of the first one, else all in its order.
    public mutating func mentions(in record: borrowing WALRecord) -> [RecordMention] {
        if let locator = record.blocks.first?.locator { return [mention(locator)] }
        switch record.resourceManager {
        case .transaction:
            guard let details = record.transactionDetails else { return [] }
            return (details.droppedRelations + details.abortedRelations).map { mention($0) }
        case .heap:
            guard case .truncate(let truncation)? = record.heapOperation else { return [] }
            return truncation.relations.map { mention($0, in: truncation.database) }
        case .standby:
            return (record.standbyLocks ?? []).map { mention($0.relation, in: $0.database) }
        case .storage:
            switch record.storageOperation {
            case .create(let locator, _): return [mention(locator)]
            case .truncate(let locator, _, _): return [mention(locator)]
            case nil: return []
            }
        case .relationMap:
            guard let database = record.relationMapUpdate?.database, database != .none else { return [] }
            return [mention(database)]
        case .database:
            switch record.databaseOperation {
            case .createByFileCopy(let database, _, let source, _):
                return [mention(database), mention(source)]
            case .createByWAL(let database, _), .drop(let database, _): return [mention(database)]
            case nil: return []
            }
        default: return []
        }
    }

    private mutating func mention(_ locator: RelationLocator) -> RecordMention {
        let found = known[locator] ?? assembler.catalog.relation(at: locator)
        known[locator] = found
        return RecordMention(number: locator.description, relation: found, databaseName: found?.databaseName)
    }

    private func mention(_ object: ObjectID, in database: ObjectID) -> RecordMention {
        let found = assembler.catalog.relation(object, in: database)
        return RecordMention(
            number: "\(database)/\(object)", relation: found, databaseName: found?.databaseName)
    }

    private func mention(_ database: ObjectID) -> RecordMention {
        RecordMention(
            number: database.description, relation: nil,
            databaseName: assembler.catalog.databaseName(database))
    }

    /// Takes in the next record; every one has to come, in the order of WAL.
    public mutating func take(_ record: borrowing WALRecord) {
        guard record.start >= start else { return }
        if changesNames(record) { known = [:] }
        assembler.apply(record, countingRows: false)
        _ = assembler.takeEvents()
    }

    private func changesNames(_ record: borrowing WALRecord) -> Bool {
        switch record.resourceManager {
        case .heap, .heap2: record.firstRelation.map(assembler.catalog.follows) ?? true
        case .xlog, .database, .tablespace, .relationMap, .transaction: true
        default: false
        }
    }
}

extension SourceReader {
    /// The names from where a selection begins on, out of the newest backup before that; nil where no backup
    /// reaches so far back, or all of the WAL is selected.
    ///
    /// - Parameter tailDirectory: made if WAL is read from the source, and removed at the end.
    /// - Throws: `.backupDamaged`, `.walDamaged` or `.walMissing` where they cannot be followed up to there.
    public func names(at selection: WALPart, tailDirectory: String) throws -> RecordNames? {
        let start: LSN
        var timeline: TimelineID?
        switch selection {
        case .whole: return nil
        case .range(let range, let wanted): (start, timeline) = (range.lowerBound, wanted)
        case .segment(let text):
            guard let name = SegmentName(fileName: text, size: try layout.identity().segmentSize) else {
                return nil
            }
            (start, timeline) = (name.start, name.timeline)
        }
        // What it cannot remove, maintenance does.
        defer { try? DurableFiles.removeTree(tailDirectory) }
        let held = try held(
            for: .position(start, exclusive: true), timeline: timeline, tailDirectory: tailDirectory)
        let backup = held.inventory.backups.filter { $0.damage == nil && $0.stopLSN <= start }
            .max { $0.startLSN < $1.startLSN }
        guard let backup else { return nil }
        return RecordNames(try pass(over: held, from: backup, to: start).assembler, from: start)
    }
}
