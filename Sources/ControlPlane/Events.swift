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
            let (inventory, log, _) = try inventory(source, target: .latest, tailDirectory: tailDirectory)
            return try eventHistory(request, of: source, inventory, log)
        } catch {
            throw Self.problem(from: error)
        }
    }

    /// The same for a restore that has what is held at hand already.
    func eventHistory(
        _ request: EventHistoryRequest, of source: ServerRow, _ inventory: Inventory, _ log: HeldLog
    ) throws -> EventHistory {
        var history = EventHistory(server: try details(source, withUsage: false))
        history.backups = inventory.backups.sorted { $0.stopLSN < $1.stopLSN }
        history.earliest = inventory.earliest
        history.latest = inventory.earliest == nil ? nil : inventory.latest
        history.from = request.from ?? history.earliest
        history.to = request.to ?? history.latest
        let layout = layout(source)
        let descriptors = Dictionary(
            try BackupRepository(layout: layout).list().compactMap { $0.descriptor }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        var failure: Problem?
        var reader = EventReader(
            inventory: inventory, log: log, minimumRows: request.minimumRows, cancellation: cancellation
        ) { (backup) throws(Problem) -> CatalogState? in
            guard let descriptor = descriptors[backup.name],
                let (state, files) = try Self.catalogs(inBackup: descriptor, layout)
            else { return nil }
            if failure == nil { failure = files.failure }
            return state
        }
        try reader.read(
            path: LogPath.segments(of: inventory), from: request.from, to: request.to)
        history.gaps = reader.gaps
        history.segments = reader.segments
        history.segmentsRead = reader.segmentsRead
        history.notes = reader.notes
        if let failure {
            history.notes.append("A backup's catalogs could not all be read: \(failure.message)")
        }
        history.events = Self.selected(reader.events, request)
        history.activity = reader.commits.sorted { $0.key < $1.key }.map {
            EventHistory.Minute(
                start: PostgresTimestamp(microseconds: $0.key * 60_000_000), commits: $0.value)
        }
        return history
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

    /// The events within a range of time; one without a time of its own lies where the one before it does.
    private static func selected(_ events: [WALEvent], _ request: EventHistoryRequest) -> [WALEvent] {
        var last: PostgresTimestamp?
        return events.filter { event in
            let time = event.time ?? last
            last = time
            guard let time else { return request.from == nil }
            return request.from.map { $0 <= time } ?? true && request.to.map { time <= $0 } ?? true
        }
    }
}
