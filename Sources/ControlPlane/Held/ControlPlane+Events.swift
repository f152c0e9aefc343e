import Catalog
import Planning
import Platform
import PostgresFormat
import Repository
import Restore
import WALEvents

/// What happened on a server: read from its backups, its archive, and the log it has not archived yet.
extension ControlPlane {
    /// The events of a server in the order of its log, with what is held of it.
    ///
    /// Nothing is written, not to the source either. Works for a deleted server as well, by its id.
    public func eventHistory(_ request: EventHistoryRequest) throws -> EventHistory {
        let source = try source(
            of: RestoreRequest(resourceGroup: request.resourceGroup, sourceServer: request.sourceServer))
        let pin = try DirectoryLock.wait(paths.pin(source.id), .shared)
        defer { pin.release() }
        let tailDirectory = paths.operation(TailFolder.name(of: .current))
        defer { try? DurableFiles.removeTree(tailDirectory) }
        do {
            let (inventory, log, _) = try inventory(
                source, for: .known(.latest), tailDirectory: tailDirectory)
            return try eventHistory(request, of: source, inventory, log)
        } catch {
            throw Self.problem(from: error)
        }
    }

    /// The same where what is held is at hand already.
    private func eventHistory(
        _ request: EventHistoryRequest, of source: ServerRow, _ inventory: Inventory, _ log: HeldLog
    ) throws -> EventHistory {
        var history = EventHistory(server: try details(source, withUsage: false))
        history.backups = inventory.backups.sorted { $0.stopLSN < $1.stopLSN }
        history.earliest = inventory.earliest
        history.latest = inventory.earliest == nil ? nil : inventory.latest
        history.from = request.from ?? history.earliest
        history.to = request.to ?? history.latest
        var filter = EventFilter(request)
        var hidden = HiddenChanges(below: request.minimumRows, sparesLargeShares: request.leastRows == nil)
        let reader = try readEvents(
            of: source, inventory, log, filter.interest, from: request.from, to: request.to
        ) { events in
            history.events += events.filter { filter.passes($0) && !hidden.takes($0) }
            guard history.events.count <= EventHistory.largestCount else {
                throw Problem(
                    .usage, "more than \(EventHistory.largestCount) events",
                    detail: "changes of at least \(request.minimumRows) rows are asked for",
                    hint: "Ask for fewer: --from and --to, --table, or a larger --min-rows.")
            }
        }
        history.hidden = hidden.all
        history.gaps = reader.gaps
        history.segments = reader.segments
        history.segmentsRead = reader.segmentsRead
        history.notes = reader.notes
        history.activity = reader.commits.sorted { $0.key < $1.key }.map {
            EventHistory.Minute(
                start: PostgresTimestamp(microseconds: $0.key * 60_000_000), commits: $0.value)
        }
        return history
    }

    /// Goes through a server's log and hands over the events, in its order; what it is told is not kept.
    ///
    /// - Parameters:
    ///   - transaction: the only one whose rows are of interest, if there is one.
    ///   - limit: the first position that is of no interest.
    func readEvents(
        of source: ServerRow, _ inventory: Inventory, _ log: HeldLog, _ interest: RowInterest,
        transaction: TransactionID? = nil, limit: LSN = .max, from: PostgresTimestamp? = nil,
        to: PostgresTimestamp? = nil,
        _ take: ([WALEvent]) throws -> Void
    ) throws -> EventReader {
        let layout = layout(source)
        let descriptors = Dictionary(
            try BackupRepository(layout: layout).list().compactMap { $0.descriptor }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        var failure: Problem?
        var reader = EventReader(
            inventory: inventory, log: log, interest: interest, transaction: transaction, limit: limit,
            cancellation: cancellation
        ) { (backup) throws(Problem) -> CatalogState? in
            guard let descriptor = descriptors[backup.name],
                let (state, files) = try Self.catalogs(inBackup: descriptor, layout)
            else { return nil }
            if failure == nil { failure = files.failure }
            return state
        }
        try reader.read(path: LogPath.segments(of: inventory), from: from, to: to, take)
        if let failure {
            reader.note("A backup's catalogs could not all be read: \(failure.message)")
        }
        return reader
    }

    /// The catalogs as they are in a base backup, and where they are read from: what cannot be read there may
    /// be met only later. Nil where the server's version is not known.
    static func catalogs(
        inBackup descriptor: BackupDescriptor, _ layout: RepositoryLayout
    ) throws(Problem) -> (CatalogState, BackupCatalogFiles)? {
        guard let version = WALVersion(rawValue: descriptor.postgresVersion / 10_000) else { return nil }
        let files = try BackupCatalogFiles(descriptor, in: layout, version: version)
        var state = CatalogState(files: files)
        if let decompressor = try? Decompressor() {
            state.zstd = { frame, target in try? decompressor.content(ofFrame: frame, into: target) }
        }
        return (state, files)
    }
}

/// Which events were asked for, told one by one in the order of the log.
private struct EventFilter {
    private let request: EventHistoryRequest
    private var last: PostgresTimestamp?

    init(_ request: EventHistoryRequest) {
        self.request = request
    }

    /// Which changes of rows can pass.
    var interest: RowInterest {
        var interest = RowInterest(minimumRows: min(request.minimumRows, EventHistory.leastKnownRows))
        if let table = request.table {
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
        if let table = request.table {
            guard event.subject != .server, table.matches(event) else { return false }
        }
        guard let time else { return request.from == nil }
        return request.from.map { $0 <= time } ?? true && request.to.map { time <= $0 } ?? true
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
        let isLarge = event.action != .insert && size > 0 && rows * EventHistoryRequest.largeShare >= size
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
