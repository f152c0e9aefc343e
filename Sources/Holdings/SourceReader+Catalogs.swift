public import Planning
import Platform
public import PostgresFormat
import Repository
public import WALEvents

/// What the system catalogs hold at a position: those of a base backup, brought forward by WAL up to there.
extension SourceReader {
    /// What the catalogs in a base backup are read by, twice, the latter to ask what could not be read: that
    /// may be met late. Nil where the server's version is not known.
    static func catalogs(
        inBackup descriptor: BackupDescriptor, _ layout: RepositoryLayout
    ) throws(Problem) -> (CatalogSource, BackupCatalogFiles)? {
        guard let version = WALVersion(serverVersion: descriptor.postgresVersion) else { return nil }
        let files = try BackupCatalogFiles(descriptor, in: layout, version: version)
        // One for each image, of which catalogs have few: it is for one thread, and a state is not.
        let source = CatalogSource(files: files) { frame, target in
            try? Decompressor().content(ofFrame: frame, into: target)
        }
        return (source, files)
    }

    /// The catalogs as recovery from a backup leaves them when it ends at a position.
    ///
    /// - Throws: `.backupDamaged`, `.walDamaged` or `.walMissing` where they cannot be followed all the way.
    public func catalogs(
        of held: HeldSource, from backup: InventoryBackup, to end: LSN
    ) throws -> CatalogState {
        var state = try pass(over: held, from: backup, to: end).assembler.catalog
        state.recoveryEnded()
        return state
    }

    /// A backup's catalogs with the WAL up to a position; transactions that are open there still are. Throws
    /// as `catalogs` does.
    func pass(over held: HeldSource, from backup: InventoryBackup, to end: LSN) throws -> EventPass {
        guard let descriptor = try BackupRepository(layout: layout).find(backup.name),
            let (source, files) = try Self.catalogs(inBackup: descriptor, layout)
        else { throw Problem(.backupDamaged, "backup '\(backup.name)' cannot be read") }
        var pass = EventPass(
            wal: held.wal, segmentSize: held.inventory.segmentSize, start: backup.startLSN, limit: end,
            assembler: EventAssembler(catalog: CatalogState(source), minimumRows: .max))
        for segment in ServerWAL.segments(of: held.inventory)
        where segment.end > backup.startLSN && segment.start < end {
            try cancellation.check()
            try pass.read(segment)
            _ = pass.assembler.takeEvents()
        }
        if let failure = files.failure { throw failure }
        if let segment = pass.untold.first {
            throw Problem(.walDamaged, "a record that ends in \(segment) is too long for its index")
        }
        guard pass.assembler.catalog.lostCatalogs.isEmpty else {
            throw Problem(.walMissing, "a system catalog was rewritten where the WAL is not available")
        }
        return pass
    }

    /// The record that marked a database as being dropped, where it was marked already when the backup was
    /// made; nil where the available WAL does not go back to it without a gap.
    public func mark(
        of database: InvalidDatabase, before backup: InventoryBackup, _ held: HeldSource
    ) throws -> LSN? {
        let numbersHeld = Set(ServerWAL.segments(of: held.inventory).map(\.number))
        let size = held.inventory.segmentSize.bytes
        let earlier = held.inventory.backups.filter { $0.damage == nil && $0.startLSN < backup.startLSN }
            .sorted { $0.startLSN > $1.startLSN }
        var end = backup.startLSN
        for backup in earlier {
            let numbers = backup.startLSN.rawValue / size...(end.rawValue - 1) / size
            guard numbers.allSatisfy(numbersHeld.contains) else { return nil }
            do {
                let state = try catalogs(of: held, from: backup, to: end)
                let found = state.invalidDatabases.first { $0.number == database.number }
                // Not marked here, nor by a record on the way: by something else than a DROP DATABASE.
                guard let found else { return nil }
                if let marked = found.marked { return marked }
            } catch let problem as Problem where problem.code != .canceled {
                return nil
            }
            end = backup.startLSN
        }
        return nil
    }
}
