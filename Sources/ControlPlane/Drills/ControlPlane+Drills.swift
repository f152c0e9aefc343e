import Catalog
import GRDB
import Holdings
import Instance
public import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// Rehearsing a restore: a copy is made as any other, tried, and removed; the record stays.
extension ControlPlane {
    /// On the copy of a drill: the drill's id.
    static let drillTag = "pitr-drill"

    /// Carries out a drill and answers its record, whether it passed or failed.
    ///
    /// Throws what keeps a drill from beginning, and `.canceled`; the record of one that was called off is
    /// kept as well.
    public func runDrill(
        _ request: DrillRequest, steps: (any DrillSteps)? = nil, for accepted: AcceptedWork? = nil,
        announce: (PlannedRestore) -> Void = { _ in }
    ) throws -> DrillRecord {
        let source = try source(of: request.restore)
        let id = Identifiers.fresh()
        let record = DrillRecord(
            id: id,
            server: ResourceID.server(resourceGroup: source.resourceGroup, name: source.name),
            serverID: source.id, serverName: source.name, caller: caller.name,
            isScheduled: request.isScheduled, target: request.restore.target.words, result: .running,
            startedAt: clock.now(), copy: "drill-" + id, keepsCopy: request.keepsCopy,
            pitrVersion: ProductVersion.current)
        DrillsAtWork.begin(id)
        defer { DrillsAtWork.end(id) }
        try drills.write(record, process: .current)
        RestoreFaults.reached("drill: begun")
        var unwritten = record
        var ended: DrillRecord?
        do {
            try perform(
                .drill, server: source, source: source.id,
                properties: ["drill": id, "target": record.target], for: accepted
            ) { _ in
                var run = DrillRun(self, request, source, record, steps)
                let done = run.carryOut(announce)
                unwritten = done
                try drills.write(done, process: nil)
                ended = done
                if let failure = done.failure { throw failure }
            }
        } catch {
            if ended == nil { abandon(unwritten, because: Self.problem(from: error).message) }
            guard let ended, ended.result == .failed else { throw error }
        }
        return ended ?? record
    }

    /// Ends the record of a drill that could not begin, or whose end could not be written.
    private func abandon(_ record: DrillRecord, because reason: String) {
        var over = record
        over.result = .abandoned
        over.reason = reason
        over.finishedAt = clock.now()
        // What went wrong first is what the caller is told; maintenance ends what this cannot.
        try? drills.write(over, process: nil)
    }

    /// The server that a drill made; nil where there is none, or it is deleted.
    func drillCopy(of record: DrillRecord) throws -> ServerRow? {
        try drillCopy(named: record.copy, operation: record.restore?.operationID)
    }

    /// By its name, which a server keeps, and by the restore that made it. Its tags anybody may replace.
    ///
    /// - Parameter operation: of the evidence; nil where that is not known: any restore then.
    func drillCopy(named name: String, operation: String?) throws -> ServerRow? {
        let row = try catalog.read { database in
            try ServerRow.filter(Column("name") == name)
                .filter(Column("phase") != ServerPhase.dropped.rawValue).fetchOne(database)
        }
        guard let row, row.phase != .provisioning, let evidence = row.evidence else { return nil }
        return operation == nil || evidence.operationID == operation ? row : nil
    }

    /// Removes a drill's copy for good; what proved its restore, and who was in it, stays.
    func removeDrillCopy(_ row: ServerRow) throws {
        let lock = try lockServer(row, seconds: 60)
        defer { lock.release() }
        try keepEvidence(of: row)
        try instanceToEnd(row).stop(.fast)
        do {
            try keepConnections(of: row)
        } catch let problem as Problem where problem.code == .canceled {
            // The copy goes nevertheless: whoever calls a drill off does not want it.
        }
        try noteDeletion(of: row, at: clock.now(), because: "its drill was over")
        discard(row)
        try KnownEndFile(path: paths.knownEnd(row.id)).forget()
        guard DurableFiles.status(paths.server(row.id)) == nil,
            DurableFiles.status(paths.repository(row.id)) == nil,
            try catalog.read({ try ServerRow.fetchOne($0, key: row.id) }) == nil
        else {
            throw Problem(
                .system, "the copy '\(row.name)' could not be removed wholly",
                hint: "'pitr delete -n \(row.name) --purge' tries it again.")
        }
    }

    /// The ids of copies that drills work with just now: nobody backs those up.
    func drilledCopies() throws -> Set<String> {
        Set(try drills.running().compactMap { try drillCopy(of: $0.record)?.id })
    }

    func backupTime(_ name: String, of source: ServerRow) throws -> PostgresTimestamp? {
        try BackupRepository(layout: layout(source)).intact()
            .first { $0.name == name }?.stopTime
    }

    // MARK: What was cut short

    /// As part of maintenance: a drill that nobody works on any more is over, and its copy goes; so does the
    /// copy of one that could not remove it.
    func endDrills(dryRun: Bool) throws -> [MaintenanceAction] {
        // In this order: a drill writes its end before it, or its process, is gone.
        let gone = try drills.running().filter { !$0.isAlive }.filter {
            try drills.record($0.record.id)?.result == .running
        }
        let ended = gone.map { record, _ in
            act(
                record.serverName, "end-drill", "drill \(record.id)", "the process that ran it is gone",
                dryRun: dryRun
            ) { try abandon(record) }
        }
        return try ended + removeLeftCopies(dryRun: dryRun)
    }

    private func removeLeftCopies(dryRun: Bool) throws -> [MaintenanceAction] {
        try drills.records().filter(\.hasLeftCopy).compactMap { record in
            guard let copy = try drillCopy(of: record) else { return nil }
            return act(
                record.serverName, "remove-drill-copy", copy.name, "drill \(record.id) could not remove it",
                dryRun: dryRun
            ) {
                try removeDrillCopy(copy)
                var told = record
                told.notes.append("The copy was removed by maintenance, \(clock.now().wholeSeconds).")
                try drills.write(told, process: nil)
            }
        }
    }

    private func abandon(_ record: DrillRecord) throws {
        var over = record
        if let copy = try drillCopy(of: record) { try removeDrillCopy(copy) }
        over.result = .abandoned
        over.reason = "the process that ran it was ended from outside; its copy was removed"
        over.finishedAt = clock.now()
        try drills.write(over, process: nil)
    }

    func drillFindings(_ row: ServerRow) throws -> [DoctorFinding] {
        let last = try drills.records(of: row.id).first { $0.result != .running }
        let overdue = try overdueDrill(row, last: last?.startedAt)
        return [overdue].compactMap(\.self) + (last.map { finding(of: $0, row) } ?? [])
    }

    private func finding(of last: DrillRecord, _ row: ServerRow) -> [DoctorFinding] {
        func finding(_ level: DoctorFinding.Level, _ message: String, _ remedy: String) -> DoctorFinding {
            DoctorFinding(
                level: level, subject: "drill of \(row.name)", message: message, remedy: remedy)
        }
        let show = "'pitr drill show -n \(last.id)' tells all of it."
        switch last.result {
        case .running: return []
        case .failed:
            return [
                finding(
                    .problem, "the last one, \(last.startedAt.wholeSeconds), failed: \(last.reason ?? "")",
                    show)
            ]
        case .abandoned:
            return [
                finding(
                    .warning,
                    "the last one, \(last.startedAt.wholeSeconds), came to no end: \(last.reason ?? "")",
                    "Rehearse again with 'pitr drill run -s \(row.name)'.")
            ]
        case .passed:
            guard let trend = last.trend, trend.isRegression else { return [] }
            return [finding(.warning, trend.words, show)]
        }
    }
}

extension DrillRecord {
    /// Whether a copy that was to go may be there yet.
    var hasLeftCopy: Bool {
        result != .running && (!keepsCopy || result == .abandoned)
            && rungs.contains { $0.kind == .cleanUp && $0.outcome == .failed }
    }

    /// What to tell of one that did not pass; nil for one that did.
    public var failure: Problem? {
        switch result {
        case .running, .passed: nil
        case .failed:
            Problem(
                .recoveryFailed, "drill \(id) of \(serverName) failed", detail: reason,
                hint: "'pitr drill show -n \(id)' tells all of it.")
        case .abandoned:
            Problem(.canceled, "drill \(id) of \(serverName) came to no end", detail: reason)
        }
    }
}
