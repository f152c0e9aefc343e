import Planning
import Platform
public import PostgresFormat
import Repository
public import WALEvents

/// What going through a source's WAL met besides its events.
public struct EventsRead: Sendable {
    public var gaps: [EventHistory.Gap]
    /// How many segments were gone through, and of how many WAL itself was read.
    public var segments: Int
    public var segmentsRead: Int
    /// Remarks for the person.
    public var notes: [String]
    /// Changes of fewer rows were not looked for.
    var leastRows: Int64
    /// By minutes since 2000-01-01 00:00:00 UTC.
    var commits: [Int64: Int]
    var commitParts: CommitParts?
}

/// What happened on a source: read from its backups, its archive, and the WAL that it has not archived yet.
extension SourceReader {
    /// The events in the order of WAL, with what is held.
    ///
    /// - Throws: `.usage` where there are more events than `EventHistory.largestCount`.
    public func history(_ query: EventQuery, _ held: HeldSource) throws -> EventHistory {
        var history = EventHistory()
        var filter = EventFilter(query)
        var hidden = HiddenChanges(below: query.minimumRows, sparesLargeShares: query.leastRows == nil)
        let isEverythingAskedFor = query.minimumRows < SegmentIndex.bulkRows
        let read = try readEvents(
            held, filter.interest, indexBytes: isEverythingAskedFor ? nil : Self.quickIndexBytes,
            commitParts: query.commitParts, from: query.from, to: query.to
        ) { events in
            history.events += events.filter { !hidden.takes($0, isAskedFor: filter.passes($0)) }
            guard history.events.count <= EventHistory.largestCount else {
                throw Problem(
                    .usage, "more than \(EventHistory.largestCount) events",
                    detail: "changes of at least \(query.minimumRows) rows are asked for",
                    hint: "Ask for fewer: --from and --to, --table, or a larger --min-rows.")
            }
        }
        history.events.removeAll(where: hidden.isUsual)
        history.hidden = hidden.all
        history.leastCountedRows = read.leastRows
        history.gaps = read.gaps
        history.segments = read.segments
        history.segmentsRead = read.segmentsRead
        history.notes = read.notes
        history.activity = read.commits.sorted { $0.key < $1.key }.map {
            EventHistory.Minute(
                start: PostgresTimestamp(microseconds: $0.key * 60_000_000), commits: $0.value)
        }
        history.commitParts = read.commitParts
        return history
    }

    /// Indexes of so many bytes are gone through in a second or two, as those of some forty segments full of
    /// small transactions are.
    private static let quickIndexBytes: UInt64 = 2 << 20

    /// Goes through a server's WAL and hands over the events, in its order; what it is told is not kept.
    ///
    /// - Parameters:
    ///   - indexBytes: where the indexes have more, only changes of many rows are looked for; nil for never.
    ///   - transaction: the only one whose rows are of interest, if there is one.
    ///   - limit: the first position that is of no interest.
    ///   - commitParts: empty ones to count commits in, besides those by minutes.
    public func readEvents(
        _ held: HeldSource, _ interest: RowInterest, indexBytes: UInt64? = nil,
        transaction: TransactionID? = nil, limit: LSN = .max, commitParts: CommitParts? = nil,
        from: PostgresTimestamp? = nil, to: PostgresTimestamp? = nil,
        _ take: ([WALEvent]) throws -> Void
    ) throws -> EventsRead {
        let layout = layout
        let backups = try BackupRepository(layout: layout).list()
        var read: [BackupCatalogFiles] = []
        var reader = EventReader(
            inventory: held.inventory, wal: held.wal, interest: interest, indexBytes: indexBytes,
            transaction: transaction, limit: limit, cancellation: cancellation
        ) { (backup) throws(Problem) -> CatalogSource? in
            guard let descriptor = backups.first(where: { $0.name == backup.name })?.descriptor,
                let (source, files) = try Self.catalogs(inBackup: descriptor, layout)
            else { return nil }
            read.append(files)
            return source
        }
        // What could not be read is told each time.
        reader.keeper = PassKeeper(held.wal.basis?.listing) { read.allSatisfy { $0.failure == nil } }
        reader.commitParts = commitParts
        try reader.read(path: ServerWAL.segments(of: held.inventory), from: from, to: to, take)
        if let failure = read.lazy.compactMap(\.failure).first {
            reader.note("A backup's catalogs could not all be read: \(failure.message)")
        }
        return EventsRead(
            gaps: reader.gaps, segments: reader.segments, segmentsRead: reader.segmentsRead,
            notes: reader.notes, leastRows: reader.interest.minimumRows, commits: reader.commits,
            commitParts: reader.commitParts)
    }
}
