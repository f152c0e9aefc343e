import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore
import WALEvents

/// Tells what the system catalogs will hold where a restore ends: those of the base backup, brought forward
/// by the log up to there.
struct TargetCatalogs {
    let planner: RestorePlanner
    let inventory: Inventory
    let log: HeldLog
    let layout: RepositoryLayout
    let cancellation: CancellationFlag

    /// Adds to a plan which databases and tables are not what they seem at the target.
    ///
    /// The restore does not depend on it: where the catalogs cannot be followed all the way, a note says so
    /// and nothing is told of them.
    func tell(of planned: inout PlannedRestore, _ request: RestoreRequest, now: PostgresTimestamp) throws {
        let plan = planned.plan
        guard let backup = inventory.backups.first(where: { $0.name == plan.backupName }) else { return }
        let state: CatalogState
        do {
            state = try catalogs(from: backup, to: plan.expectedEnd)
        } catch let problem as Problem where problem.code != .canceled {
            planned.notes.append(
                "What the system catalogs hold at the target is not known: \(problem.message). So it is not "
                    + "told which databases are invalid there, and which tables are unlogged.")
            return
        }
        let invalid = state.invalidDatabases
        planned.invalidDatabases = invalid.map(\.name)
        for database in invalid {
            let marked = try database.marked ?? mark(of: database, before: backup)
            let target = marked.map { RecoveryTarget.position($0, exclusive: true) }
            let isReachable = target.map { (try? planner.plan($0, now: now)) != nil } ?? false
            planned.plan.hazards.append(
                Hazard(
                    invalid: database.name, marked: marked,
                    before: isReachable ? target.map(request.command) : nil))
        }
        planned.unloggedRelations = state.unloggedRelations.map { relation in
            [relation.databaseName, relation.schemaName, relation.name]
                .map { $0.map(Self.quotedIfNeeded) ?? "?" }.joined(separator: ".")
        }.sorted()
        if !planned.unloggedRelations.isEmpty {
            planned.plan.hazards.append(Hazard(unlogged: planned.unloggedRelations))
        }
    }

    /// The catalogs as recovery from a backup leaves them when it ends at a position.
    private func catalogs(from backup: InventoryBackup, to end: LSN) throws -> CatalogState {
        guard let descriptor = try BackupRepository(layout: layout).find(backup.name),
            let (catalogs, files) = try ControlPlane.catalogs(inBackup: descriptor, layout)
        else { throw Problem(.backupDamaged, "backup '\(backup.name)' cannot be read") }
        var pass = EventPass(
            log: log, segmentSize: inventory.segmentSize, start: backup.startLSN, limit: end,
            assembler: EventAssembler(catalog: catalogs, minimumRows: .max))
        for segment in LogPath.segments(of: inventory)
        where segment.end > backup.startLSN && segment.start < end {
            try cancellation.check()
            try pass.read(segment)
            _ = pass.assembler.takeEvents()
        }
        var state = pass.assembler.catalog
        if let failure = files.failure { throw failure }
        if let segment = pass.untold.first {
            throw Problem(.walDamaged, "a record that ends in \(segment) is too long for its index")
        }
        guard state.lostCatalogs.isEmpty else {
            throw Problem(.walMissing, "a system catalog was rewritten where the WAL is not held")
        }
        state.recoveryEnded()
        return state
    }

    /// The record that marked a database, where it was marked already when the backup was made; nil where the
    /// log held does not go back to it without a gap.
    private func mark(of database: InvalidDatabase, before backup: InventoryBackup) throws -> LSN? {
        let held = Set(LogPath.segments(of: inventory).map(\.number))
        let size = inventory.segmentSize.bytes
        let earlier = inventory.backups.filter { $0.damage == nil && $0.startLSN < backup.startLSN }
            .sorted { $0.startLSN > $1.startLSN }
        var end = backup.startLSN
        for backup in earlier {
            let numbers = backup.startLSN.rawValue / size...(end.rawValue - 1) / size
            guard numbers.allSatisfy(held.contains) else { return nil }
            do {
                let state = try catalogs(from: backup, to: end)
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

    /// As PostgreSQL's `quote_ident`, but for its reserved words.
    private static func quotedIfNeeded(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isPlain && name.first?.isNumber == false ? name : SQLText.identifier(name)
    }
}

extension Hazard {
    /// - Parameters:
    ///   - marked: the record with which its DROP began; nil where that is not known.
    ///   - command: what gives the state just in front of that record; nil where nothing held does.
    init(invalid database: String, marked: LSN?, before command: String?) {
        let name = SQLText.identifier(database)
        let began = marked.map { " at \($0)" } ?? ""
        let before =
            switch (marked, command) {
            case (_, let command?): "the nearest state before that DROP: '\(command)'"
            case (.some, nil): "nothing that is held reaches back to before that DROP"
            case (nil, nil): "the WAL held does not tell when that DROP began"
            }
        self.init(
            code: "invalid-database",
            message: "database \(name) is invalid at the target: a DROP DATABASE of it began\(began) and was "
                + "not done. Nobody can connect to it, its files may be partly gone, and all that can be done "
                + "with it in the copy is DROP DATABASE \(name); \(before)")
    }

    /// - Parameter unlogged: not empty.
    init(unlogged: [String]) {
        let shown = unlogged.prefix(20).joined(separator: ", ")
        let left = unlogged.count - 20
        self.init(
            code: "unlogged-tables",
            message: "unlogged tables come back empty; at the target these are: \(shown)"
                + (left > 0 ? " and \(left) more" : ""))
    }
}
