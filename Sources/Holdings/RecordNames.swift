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

    /// The relation that a record is about, as it is called where the record begins; nil for a record of none
    /// and where the catalogs do not have it.
    public mutating func relation(of record: borrowing WALRecord) -> KnownRelation? {
        guard let locator = record.blocks.first?.locator else { return nil }
        if let found = known[locator] { return found }
        let found = assembler.catalog.relation(at: locator)
        known[locator] = found
        return found
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
