import Catalog
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository
import Restore
import WALEvents

/// What a request asks for, as the planner's target.
extension ControlPlane {
    func target(of request: RestoreRequest, from source: ServerRow, notes: inout [String]) throws
        -> RecoveryTarget
    {
        var targets: [RecoveryTarget] = []
        if let backup = request.backupName { targets.append(.backup(backup)) }
        if let lsn = request.lsn { targets.append(.position(lsn, exclusive: request.isExclusive)) }
        if let number = request.transaction {
            targets.append(.transaction(number, exclusive: request.isExclusive))
        }
        if let name = request.restorePoint { targets.append(.restorePoint(name)) }
        // Which record that is will be known when the log is at hand.
        if let words = request.beforeEvent { targets.append(.event(.zero, description: words)) }
        guard targets.count + (request.restoreTime == nil ? 0 : 1) <= 1 else {
            throw Problem(
                .usage, "a restore has one target",
                hint: "Give a time, a backup, a position, a transaction, a restore point or an event.")
        }
        if let target = targets.first { return target }
        guard let text = request.restoreTime else { return .latest }
        let now = clock.now()
        let moment = try MomentText.read(text, now: now)
        if let note = moment.note { notes.append(note) }
        if isOfPair, moment.instant > now {
            notes.append("The paired location knows of nothing later than \(now), so the copy ends there.")
            return .latest
        }
        if let text = source.deletedAt {
            let end = try Self.instant(text)
            guard moment.instant < end else {
                notes.append("\(source.name) was deleted at \(end): taken as its end.")
                return .latest
            }
        }
        return .time(moment.instant)
    }

    /// A time that is still to come is now, unless the log knows better: where the clock has been set back,
    /// transactions may be held that are timed after it.
    func settled(
        _ target: RecoveryTarget, asked: PostgresTimestamp, _ planner: RestorePlanner, notes: inout [String]
    ) -> RecoveryTarget {
        guard case .time(let time) = target, time > asked else { return target }
        guard planner.holdsEnd(after: time) else {
            notes.append("\(time) is in the future: taken as now.")
            return .latest
        }
        notes.append(
            "\(time) is in the future by this machine's clock, and transactions timed after it are held: "
                + "the copy ends in front of the first of them.")
        return target
    }

    /// The target with the place of its event, found in the log.
    func located(
        _ target: RecoveryTarget, _ request: RestoreRequest, _ source: ServerRow, _ inventory: Inventory,
        _ log: HeldLog, notes: inout [String]
    ) throws -> RecoveryTarget {
        guard case .event(_, let words) = target else { return target }
        let place: EventChoice.Place =
            if let nth = request.nth { .nth(nth) } else { request.isLatestEvent ? .latest : .only }
        let found = try eventTarget(
            words, EventChoice(place, minimumRows: request.minimumRows), of: source, inventory, log)
        let event = found.event
        notes.append(
            "'\(words)' is \(event)" + (event.xid.isNormal ? ", transaction \(event.xid)" : "")
                + (event.time.map { ", at \($0) (\(LocalTime.text($0)))" } ?? "") + ", \(found.boundary).")
        return .event(found.boundary, description: event.description)
    }

    /// What a transaction did, as far as the log tells it: `DROP TABLE postgres.orders`.
    func deeds(
        of record: BoundaryRecord, _ source: ServerRow, _ inventory: Inventory, _ log: HeldLog
    ) throws -> [String] {
        let commit = record.lsn
        do {
            var deeds: [String] = []
            _ = try readEvents(
                of: source, inventory, log,
                RowInterest(minimumRows: 1, commits: { $0.start == commit }),
                transaction: TransactionID(record.xid), limit: record.endLSN, from: record.time
            ) { events in
                deeds += events.filter { $0.commit == commit }.map(\.description)
            }
            return deeds
        } catch let problem as Problem where problem.code == .canceled {
            throw problem
        } catch {
            // The plan does not depend on it.
            return []
        }
    }

    func collations(ofBackup name: String, _ source: ServerRow) throws -> [CollationVersion] {
        let backup = try BackupRepository(layout: layout(source)).find(name)
        let collations = backup?.collations ?? []
        let icu =
            collations.contains { $0.provider == "icu" }
            ? ICULibrary(of: try installation().tool("postgres"), runner: runner) : nil
        return collations.map { collation in
            CollationVersion(
                provider: collation.provider, recorded: collation.version,
                here: collation.provider == "libc"
                    ? LibraryVersion.libc : collation.locale.flatMap { icu?.collationVersion(of: $0) },
                databases: collation.databases)
        }
    }
}

extension Hazard {
    /// Text sorted by one version and looked up by another.
    init(_ collation: CollationVersion) {
        self.init(
            code: "collation-version",
            message: "text in \(collation.databases.joined(separator: ", ")) was ordered by "
                + "\(collation.provider) \(collation.recorded), this machine has \(collation.here ?? "another"): "
                + "REINDEX these databases in the copy, then ALTER DATABASE … REFRESH COLLATION VERSION")
    }
}
