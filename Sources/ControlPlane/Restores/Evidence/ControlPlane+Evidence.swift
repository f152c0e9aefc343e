import Catalog
import GRDB
import Notation
public import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// Evidence of restores, which outlives the copies.
extension ControlPlane {
    var evidenceFolder: EvidenceFolder { EvidenceFolder(path: paths.evidence) }

    // MARK: Keeping

    /// Keeps what proved a restore, with the recovery's own log, unless that was done before.
    func keepEvidence(of row: ServerRow) throws {
        guard let evidence = row.evidence else { return }
        guard !evidenceFolder.has(evidence.operationID) else { return }
        var kept = KeptEvidence(evidence)
        if let log = recoveryLog(evidence.operationID) {
            kept.recoveryLogOmitted = max(0, log.count - KeptEvidence.largestLog)
            kept.recoveryLog = String(decoding: log.suffix(KeptEvidence.largestLog), as: UTF8.self)
        }
        try evidenceFolder.write(kept)
    }

    /// What the recovering server logged, in the order of its files; nil where nothing is left of it.
    private func recoveryLog(_ operationID: String) -> [UInt8]? {
        let directory = paths.operation(operationID) + "/log"
        // The proof does not depend on it.
        guard let names = try? DurableFiles.listIfPresent(directory) else { return nil }
        let logs = names.filter { $0.hasSuffix(".log") }.sorted()
        let bytes = logs.compactMap { try? DurableFiles.readIfPresent(directory + "/" + $0) }.joined()
        return bytes.isEmpty ? nil : Array(bytes)
    }

    /// The copy has gone; what is kept of its restore says so.
    ///
    /// - Parameter reason: why, where nobody asked for just that.
    func noteDeletion(of row: ServerRow, at time: PostgresTimestamp, because reason: String? = nil) throws {
        guard var kept = evidenceWithoutDeletion(of: row) else { return }
        kept.copyDeletedAt = time
        kept.copyDeletedBecause = reason ?? row.expiry?.deletionReason
        kept.expiry = keptExpiry(of: row, isDeleted: true)
        try evidenceFolder.write(kept)
    }

    /// As part of maintenance: a delete that was killed, or found no room, has not noted it.
    func noteDeletionIfDue(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        guard let deleted = row.deletedAt, evidenceWithoutDeletion(of: row) != nil
        else { return [] }
        return [
            act(
                row.name, "note-deletion", row.name, "the evidence of its restore does not say so yet",
                dryRun: dryRun
            ) { try noteDeletion(of: row, at: deleted) }
        ]
    }

    /// What is kept of a copy's restore, where it says that the copy is there. Damaged files are passed over:
    /// nothing can be noted in them, and `evidence list` tells of them.
    private func evidenceWithoutDeletion(of row: ServerRow) -> KeptEvidence? {
        guard let evidence = row.evidence else { return nil }
        guard let read = try? evidenceFolder.read(evidence.operationID), read.copyDeletedAt == nil else {
            return nil
        }
        return read
    }

    /// As part of maintenance: a restore that was killed just behind its end has not kept it yet.
    func keepEvidenceIfDue(_ row: ServerRow, dryRun: Bool) throws -> [MaintenanceAction] {
        guard let evidence = row.evidence else { return [] }
        guard !evidenceFolder.has(evidence.operationID) else { return [] }
        return [
            act(row.name, "keep-evidence", row.name, "that of its restore is not kept yet", dryRun: dryRun) {
                try keepEvidence(of: row)
            }
        ]
    }

    private func keptExpiry(of row: ServerRow, isDeleted: Bool) -> KeptEvidence.Expiry? {
        guard let expiry = row.expiry else { return nil }
        let fate: KeptEvidence.Expiry.Fate =
            switch (isDeleted, expiry.isCarriedOut == true, row.heldSince != nil) {
            case (true, true, _): .carriedOut
            case (true, false, _): .deletedOtherwise
            case (false, _, true): .held
            case (false, _, false): .pending
            }
        return KeptEvidence.Expiry(
            time: expiry.time, chosenAt: expiry.chosenAt, chosenBy: expiry.caller,
            heldSince: row.heldSince, fate: fate)
    }

    // MARK: Looking

    /// Newest first, and what is wrong with files that cannot be read.
    ///
    /// - Parameters:
    ///   - resourceGroup: of the copies; nil is all.
    ///   - source: the name, resource id or id of the server that was restored; nil is any.
    public func listEvidence(
        resourceGroup: String?, source: String? = nil
    ) throws -> (kept: [KeptEvidence], damaged: [Problem]) {
        if let resourceGroup { try requireRecordedGroup(resourceGroup) }
        var found: [KeptEvidence] = []
        var damaged: [Problem] = []
        for operation in try evidenceFolder.operations() {
            let kept: KeptEvidence
            do {
                guard let read = try read(operation) else { continue }
                kept = read
            } catch {
                damaged.append(Self.problem(from: error))
                continue
            }
            if let resourceGroup, kept.resourceGroup.lowercased() != resourceGroup.lowercased() { continue }
            if let source {
                let names = [kept.sourceName, kept.evidence.sourceServer, kept.evidence.sourceServerID]
                guard names.contains(where: { $0.lowercased() == source.lowercased() }) else { continue }
            }
            found.append(kept)
        }
        return (found.sorted { $0.evidence.finishedAt > $1.evidence.finishedAt }, damaged)
    }

    private func read(_ operation: String) throws -> KeptEvidence? {
        guard var kept = try evidenceFolder.read(operation) else { return nil }
        let row = try catalog.read { try ServerRow.fetchOne($0, key: kept.evidence.newServerID) }
        kept.isCopyThere = row.map { $0.phase != .dropped } ?? false
        if kept.copyDeletedAt == nil {
            kept.expiry = row.flatMap { keptExpiry(of: $0, isDeleted: $0.phase == .dropped) }
            // A delete that was killed at its end has not noted it.
            kept.copyDeletedAt = row?.deletedAt
            kept.copyDeletedBecause = row?.expiry?.deletionReason
        }
        return kept
    }

    /// The evidence that is meant.
    ///
    /// - Parameter copy: the copy's name in the group, its id, its resource id, or the id of the operation
    ///   that made it. Of several copies that had the name it is the last one.
    public func showEvidence(_ copy: String, resourceGroup: String) throws -> KeptEvidence {
        var kept = try findEvidence(copy, resourceGroup: resourceGroup)
        let row = try catalog.read { try ServerRow.fetchOne($0, key: kept.evidence.newServerID) }
        if let row, row.phase == .complete, kept.connections == nil {
            try tellConnections(of: row, in: &kept)
        }
        return kept
    }

    /// Writes evidence, as JSON, into one file that tells whether it is whole.
    public func export(evidence text: String, into descriptor: Int32) throws {
        let bytes = DescribedDocument.seal([
            "format": .integer(EvidenceFolder.format),
            "kind": "how a server was restored and what proved it, as 'pitr evidence export' wrote it",
            "exportedAtUtc": .string(clock.now().description),
            "pitrVersion": .string(ProductVersion.current),
            "restore": try JSONValue.parse(text),
        ])
        try DescriptorOutput(descriptor).write(bytes)
    }

    private func findEvidence(_ copy: String, resourceGroup: String) throws -> KeptEvidence {
        let wanted = copy.lowercased()
        let ids = try evidenceFolder.operations()
        if ids.contains(wanted), let kept = try read(wanted) { return kept }
        let (all, damaged) = try listEvidence(resourceGroup: nil)
        let byID = all.first {
            [$0.evidence.newServerID, $0.evidence.newServer].contains { $0.lowercased() == wanted }
        }
        let byName = all.first {
            $0.copyName.lowercased() == wanted
                && $0.resourceGroup.lowercased() == resourceGroup.lowercased()
        }
        if let kept = byID ?? byName { return kept }
        try requireGroup(resourceGroup)
        // It may be the one that is meant.
        if let problem = damaged.first { throw problem }
        throw Problem(
            .resourceNotFound, "there is no evidence of a restore to '\(copy)'",
            hint: "List what is kept with 'pitr evidence list'.")
    }

    /// Deletes what is kept of a restore whose copy has gone.
    ///
    /// What cannot be read is deleted by its operation's id, and by nothing else, unless a server that is
    /// there names it.
    public func deleteEvidence(_ copy: String, resourceGroup: String) throws {
        let wanted = copy.lowercased()
        if try evidenceFolder.operations().contains(wanted), isUnreadable(wanted) {
            if let owner = try owner(ofEvidence: wanted) { throw Self.inUse(owner.name) }
            return try evidenceFolder.remove(wanted)
        }
        let kept = try findEvidence(copy, resourceGroup: resourceGroup)
        let server = try catalog.read { try ServerRow.fetchOne($0, key: kept.evidence.newServerID) }
        guard server == nil || server?.phase == .dropped else {
            throw Self.inUse(kept.copyName)
        }
        try evidenceFolder.remove(kept.evidence.operationID)
    }

    private static func inUse(_ copy: String) -> Problem {
        Problem(
            .operationNotSupported, "the server '\(copy)' is there, and its evidence with it",
            hint: "Its evidence can be deleted when the server has been.")
    }

    private func isUnreadable(_ operation: String) -> Bool {
        do throws(Problem) {
            _ = try evidenceFolder.read(operation)
            return false
        } catch {
            // A newer build reads what it wrote.
            return error.code == .stateDamaged
        }
    }

    /// The server that is there and was made by that restore.
    private func owner(ofEvidence operation: String) throws -> ServerRow? {
        try rows(resourceGroup: nil, dropped: false).first {
            $0.evidence?.operationID == operation
        }
    }
}
