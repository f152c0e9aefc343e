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
    /// By minutes since 2000-01-01 00:00:00 UTC.
    var commits: [Int64: Int]
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
        let read = try readEvents(held, filter.interest, from: query.from, to: query.to) { events in
            history.events += events.filter { filter.passes($0) && !hidden.takes($0) }
            guard history.events.count <= EventHistory.largestCount else {
                throw Problem(
                    .usage, "more than \(EventHistory.largestCount) events",
                    detail: "changes of at least \(query.minimumRows) rows are asked for",
                    hint: "Ask for fewer: --from and --to, --table, or a larger --min-rows.")
            }
        }
        history.hidden = hidden.all
        history.gaps = read.gaps
        history.segments = read.segments
        history.segmentsRead = read.segmentsRead
        history.notes = read.notes
        history.activity = read.commits.sorted { $0.key < $1.key }.map {
            EventHistory.Minute(
                start: PostgresTimestamp(microseconds: $0.key * 60_000_000), commits: $0.value)
        }
        return history
    }

    /// Goes through a server's WAL and hands over the events, in its order; what it is told is not kept.
    ///
    /// - Parameters:
    ///   - transaction: the only one whose rows are of interest, if there is one.
    ///   - limit: the first position that is of no interest.
    public func readEvents(
        _ held: HeldSource, _ interest: RowInterest,
        transaction: TransactionID? = nil, limit: LSN = .max, from: PostgresTimestamp? = nil,
        to: PostgresTimestamp? = nil,
        _ take: ([WALEvent]) throws -> Void
    ) throws -> EventsRead {
        let layout = layout
        let descriptors = Dictionary(
            try BackupRepository(layout: layout).list().compactMap { $0.descriptor }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        var failure: Problem?
        var reader = EventReader(
            inventory: held.inventory, wal: held.wal, interest: interest, transaction: transaction,
            limit: limit,
            cancellation: cancellation
        ) { (backup) throws(Problem) -> CatalogState? in
            guard let descriptor = descriptors[backup.name],
                let (state, files) = try Self.catalogs(inBackup: descriptor, layout)
            else { return nil }
            if failure == nil { failure = files.failure }
            return state
        }
        try reader.read(path: ServerWAL.segments(of: held.inventory), from: from, to: to, take)
        if let failure {
            reader.note("A backup's catalogs could not all be read: \(failure.message)")
        }
        return EventsRead(
            gaps: reader.gaps, segments: reader.segments, segmentsRead: reader.segmentsRead,
            notes: reader.notes, commits: reader.commits)
    }
}

/// Which events were asked for, told one by one in WAL order.
private struct EventFilter {
    private let query: EventQuery
    private var last: PostgresTimestamp?

    init(_ query: EventQuery) {
        self.query = query
    }

    /// Which changes of rows can pass.
    var interest: RowInterest {
        var interest = RowInterest(minimumRows: min(query.minimumRows, EventHistory.leastKnownRows))
        if let table = query.table {
            interest.tables = { object, ancestors in
                table.matches(object) || ancestors.contains(where: table.matches)
            }
        }
        return interest
    }

    /// One without a time of its own lies where the one before it does.
    mutating func passes(_ event: WALEvent) -> Bool {
        let time = event.time ?? last
        last = time
        if let table = query.table {
            guard event.subject != .server, table.matches(event) else { return false }
        }
        guard let time else { return query.from == nil }
        return query.from.map { $0 <= time } ?? true && query.to.map { time <= $0 } ?? true
    }
}

/// Counts the changes of rows that are too small to be told one by one.
private struct HiddenChanges {
    private let least: Int64
    private let sparesLargeShares: Bool
    private var tables: [EventObject: EventHistory.Hidden] = [:]
    /// Rows that tables have by the larger changes that were met.
    private var sizes: [EventObject: Int64] = [:]

    init(below least: Int64, sparesLargeShares: Bool) {
        self.least = least
        self.sparesLargeShares = sparesLargeShares
    }

    /// Whether the event is one of them; it is counted then.
    mutating func takes(_ event: WALEvent) -> Bool {
        let size = max(sizes[event.object] ?? 0, event.tableSize.rows ?? 0)
        note(event)
        guard let rows = event.rows, rows < least else { return false }
        // Of a table that nobody has counted and that was filled before all this, nothing says it is small.
        let isLarge = event.action != .insert && size > 0 && rows * EventQuery.largeShare >= size
        if sparesLargeShares, isLarge { return false }
        var counted =
            tables[event.object] ?? EventHistory.Hidden(table: event.object, changes: 0, largestRows: 0)
        counted.changes += 1
        counted.largestRows = max(counted.largestRows, rows)
        tables[event.object] = counted
        return true
    }

    private mutating func note(_ event: WALEvent) {
        switch event.action {
        case .insert: sizes[event.object, default: 0] += event.rows ?? 0
        case .delete: sizes[event.object] = max(0, (sizes[event.object] ?? 0) - (event.rows ?? 0))
        case .truncate, .drop: sizes[event.object] = nil
        default: break
        }
    }

    var all: [EventHistory.Hidden] {
        tables.values.sorted {
            ($1.changes, $0.table.description) < ($0.changes, $1.table.description)
        }
    }
}
