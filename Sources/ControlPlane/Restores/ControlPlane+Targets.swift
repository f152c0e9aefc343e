import Catalog
import Holdings
import Instance
import Planning
import Platform
import PostgresFormat
import Repository
import ServiceModel
import WALEvents

/// What is looked for in a source's WAL.
enum SoughtTarget {
    case known(RecoveryTarget)
    /// Which record that is will be known when the WAL is at hand.
    case event(RequestedEvent)
    /// What was durable when the work was accepted.
    case durable(upTo: LSN, asOf: PostgresTimestamp)

    /// Nil where WAL is to tell which record that is.
    var moment: RecoveryTarget? {
        switch self {
        case .known(let target): target
        case .durable: .latest
        case .event: nil
        }
    }
}

/// What a request asks for, as the planner's target.
extension ControlPlane {
    /// - Parameter notes: gets how the words were understood, and what was taken for what.
    func sought(_ target: RequestedTarget, from source: ServerRow, notes: inout [String]) throws
        -> SoughtTarget
    {
        switch target {
        case .latest(nil): return .known(.latest)
        case .durable(let end, let instant): return .durable(upTo: end, asOf: instant)
        case .latest(let instant?): return .known(try bounded(instant, source, notes: &notes))
        case .time(let time):
            if let note = time.note { notes.append(note) }
            return .known(try bounded(time.instant, source, notes: &notes))
        case .backup(let name): return .known(.backup(name))
        case .position(let lsn, let exclusive): return .known(.position(lsn, exclusive: exclusive))
        case .transaction(let number, let exclusive):
            return .known(.transaction(number, exclusive: exclusive))
        case .restorePoint(let name): return .known(.restorePoint(name))
        case .event(let event): return .event(event)
        }
    }

    /// The time, or the latest moment where nothing later can be known.
    private func bounded(_ time: PostgresTimestamp, _ source: ServerRow, notes: inout [String]) throws
        -> RecoveryTarget
    {
        let now = clock.now()
        // What ends there says so by itself: see the restore from a pair.
        if isOfPair, time > now { return .latest }
        if let end = source.deletedAt {
            guard time < end else {
                notes.append("\(source.name) was deleted at \(end): taken as its end.")
                return .latest
            }
        }
        return .time(time)
    }

    /// The planner's target, with the place of its event found in the WAL.
    ///
    /// A time that is still to come is now, unless the WAL knows better: where the clock has been set back,
    /// transactions may be held that are timed after it.
    ///
    /// - Parameter asked: when the target was asked for.
    func settled(
        _ sought: SoughtTarget, asked: PostgresTimestamp, _ reader: SourceReader, _ held: HeldSource,
        _ planner: RestorePlanner, notes: inout [String]
    ) throws -> RecoveryTarget {
        switch sought {
        case .event(let event): return try located(event, reader, held, notes: &notes)
        case .durable(let end, let accepted):
            // Nothing was written since, or not all of it is held: what is missing is told as ever.
            guard try planner.reaches(beyond: end) else { return .latest }
            notes.append(
                "The latest moment is that of \(accepted), when this was accepted: the source's WAL up to \(end)."
            )
            return .position(end, exclusive: true)
        case .known(.time(let time)) where time > asked:
            guard planner.holdsEnd(after: time) else {
                notes.append("\(time) is in the future: taken as now.")
                return .latest
            }
            notes.append(
                "\(time) is in the future by this machine's clock, and transactions timed after it are there: "
                    + "the copy ends in front of the first of them.")
            return .time(time)
        case .known(let target): return target
        }
    }

    private func located(
        _ wanted: RequestedEvent, _ reader: SourceReader, _ held: HeldSource, notes: inout [String]
    ) throws -> RecoveryTarget {
        let found = try eventTarget(wanted, of: reader, held)
        let event = found.event
        notes.append(
            "'\(wanted.words)' is \(event)" + (event.xid.isNormal ? ", transaction \(event.xid)" : "")
                + (event.time.map { ", at \($0) (\(LocalTime.text($0)))" } ?? "") + ", \(found.boundary).")
        return .event(found.boundary, description: event.description)
    }

    /// What a transaction did, as far as the WAL tells it: `DROP TABLE public.orders in database shop`.
    func deeds(
        of record: BoundaryRecord, _ reader: SourceReader, _ held: HeldSource
    ) throws -> [String] {
        let commit = record.lsn
        do {
            var deeds: [String] = []
            _ = try reader.readEvents(
                held,
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
            ? ICULibrary(of: try installation(source).tool("postgres"), runner: runner) : nil
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
