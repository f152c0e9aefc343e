import Catalog
import Instance
import Platform
import PostgresFormat
import Repository
public import ServiceModel

extension ControlPlane {
    /// What the servers take of disk, memory and time, and what of it can go. Nothing is changed.
    ///
    /// - Parameter resourceGroup: of the servers; nil is all. Evidence, results and second copies are told of
    ///   all.
    public func usage(resourceGroup: String?) throws -> MachineUsage {
        let rows =
            try rows(resourceGroup: resourceGroup, dropped: false)
            + rows(resourceGroup: resourceGroup, dropped: true)
        var found = MachineUsage(
            servers: [], temporaryCopies: try listTemporaryCopies(resourceGroup: resourceGroup),
            evidenceBytes: TreeSize.bytes(below: paths.evidence),
            pairedBytes: TreeSize.bytes(below: paths.home + "/paired"),
            resultBytes: TreeSize.bytes(below: paths.results), removable: [])
        for row in rows {
            try cancellation.check()
            let usage = try serverUsage(row)
            found.servers.append(usage)
            found.removable += try removable(row, usage)
        }
        found.removable += try removableEvidence(resourceGroup: resourceGroup)
        found.removable += try removableResults(resourceGroup: resourceGroup)
        let order = RemovableThing.Kind.allCases
        found.removable.sort { left, right in
            let places = [left, right].map { order.firstIndex(of: $0.kind) ?? order.count }
            return places[0] == places[1] ? left.bytes > right.bytes : places[0] < places[1]
        }
        return found
    }

    private func serverUsage(_ row: ServerRow) throws -> ServerUsage {
        let now = clock.now()
        let created = row.createdAt
        let instance = runningInstance(row)
        let since = instance?.runningSince().map { PostgresTimestamp(unixSeconds: $0) }
        let vCores = try Self.size(row).vCores
        let evidence = row.evidence.map { evidenceFolder.file($0.operationID) }
        return ServerUsage(
            id: row.id, name: row.name, resourceGroup: row.resourceGroup, state: state(row),
            isCopy: row.restoredFrom != nil, createdAt: created,
            ageSeconds: Int64(max(0, Self.seconds(from: created, to: now))), disk: usage(row),
            evidenceBytes: evidence.map { TreeSize.bytes(below: $0) } ?? 0,
            memoryBytes: instance?.memoryBytes(), runningSince: since, vCores: vCores,
            vCoreHours: since.map { max(0, Self.seconds(from: $0, to: now)) * Double(vCores) / 3600 },
            expiry: try expiryState(row), heldSince: row.heldSince)
    }

    private func runningInstance(_ row: ServerRow) -> PostgresInstance? {
        guard row.phase == .complete else { return nil }
        // Where PostgreSQL is not installed any more nothing of it runs either.
        return try? instance(row)
    }

    private static func seconds(from start: PostgresTimestamp, to end: PostgresTimestamp) -> Double {
        Double(end.unixMicroseconds - start.unixMicroseconds) / 1_000_000
    }

    // MARK: What can go

    private func removable(_ row: ServerRow, _ usage: ServerUsage) throws -> [RemovableThing] {
        switch row.phase {
        case .provisioning, .dropping: return []
        case .dropped:
            return [
                RemovableThing(
                    kind: .deletedServer, name: row.name, bytes: usage.bytes,
                    reason: "it cannot be revived any more then",
                    command: "pitr delete \(Self.groupWords(row.resourceGroup))-n \(row.id) --purge")
            ]
        case .complete: break
        }
        var found = try onDemandBackups(row)
        guard usage.isCopy, usage.heldSince == nil else { return found }
        let isOver = usage.expiry?.isOver == true
        let reason =
            usage.expiry.map { isOver ? "its time was over at \($0.time)" : "its time is over at \($0.time)" }
            ?? "it has no end; somebody may work with it"
        found.append(
            RemovableThing(
                kind: isOver ? .expiredCopy : .copy, name: row.name, bytes: usage.disk.data, reason: reason,
                command: "pitr delete \(Self.groupWords(row.resourceGroup))-n \(row.name)"))
        return found
    }

    private func onDemandBackups(_ row: ServerRow) throws -> [RemovableThing] {
        let server = ServerReference(resourceGroup: row.resourceGroup, name: row.name)
        return try listBackups(server).filter { $0.backupType == Self.onDemandType }.map { backup in
            RemovableThing(
                kind: .onDemandBackup, name: "\(row.name)/\(backup.name)", bytes: backup.storedBytes,
                reason: "a backup of \(backup.completedTime.wholeSeconds) that somebody asked for",
                command: "pitr backup delete \(Self.groupWords(row.resourceGroup))-s \(row.name) "
                    + "-n \(Command.shellQuoted(backup.name))")
        }
    }

    /// What cannot be read is told by `evidence list`, and nothing is said of it here.
    private func removableEvidence(resourceGroup: String?) throws -> [RemovableThing] {
        try listEvidence(resourceGroup: resourceGroup).kept.filter { !$0.isCopyThere }.map { kept in
            let operation = kept.evidence.operationID
            return RemovableThing(
                kind: .evidence, name: kept.copyName,
                bytes: TreeSize.bytes(below: evidenceFolder.file(operation)),
                reason:
                    "what proved the restore of \(kept.evidence.finishedAt.wholeSeconds); the copy has gone",
                command: "pitr evidence delete -n \(operation)")
        }
    }

    /// As with evidence, of what cannot be read nothing is said here.
    private func removableResults(resourceGroup: String?) throws -> [RemovableThing] {
        try results.results().kept.filter { result in
            resourceGroup.map { $0.lowercased() == result.resourceGroup.lowercased() } ?? true
        }.map { result in
            RemovableThing(
                kind: .result, name: "\(result.work.name) of \(result.serverName)", bytes: result.bytes,
                reason: "what came of it, \(result.finishedAt.wholeSeconds)",
                command: "pitr result delete -n \(result.id)")
        }
    }

    private static func groupWords(_ group: String) -> String {
        group == Identifiers.defaultGroup ? "" : "-g \(Command.shellQuoted(group)) "
    }
}
