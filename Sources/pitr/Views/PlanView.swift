import Notation
import Planning
import PostgresFormat
import ServiceModel

/// A restore plan for a person: what will be done, in the order in which it is decided, and why.
enum PlanView {
    static func text(_ planned: PlannedRestore) -> PersonText {
        let plan = planned.plan
        var text = PersonText()
        text.heading(
            "Plan to restore \(planned.source.name) (resource group \(planned.source.resourceGroup))")
        text.field("Wanted", wanted(plan))
        addMoment(planned, to: &text)
        if !planned.allowedAddresses.isEmpty {
            text.field("Lets in", planned.allowedAddresses.joined(separator: ", "))
        }
        for note in planned.notes { text.field("Note", note) }
        addBackup(plan, to: &text)
        addWAL(plan, to: &text)
        addCut(planned, to: &text)
        addRecovery(plan, to: &text)
        addFacts(planned, to: &text)
        text.heading("Worth knowing")
        if plan.hazards.isEmpty { text.item("nothing in this range of the WAL needs special care") }
        for hazard in plan.hazards { text.item("\(hazard.message) [\(hazard.code)]") }
        text.heading("Cost")
        text.field("Data", ByteText.of(plan.dataBytes))
        text.field(
            "Disk needed",
            "\(ByteText.of(plan.estimatedBytes)), \(ByteText.of(planned.availableBytes)) are free")
        text.field("Time", "about \(DurationText.of(planned.estimatedSeconds)); it depends on the disk")
        return text
    }

    private static func wanted(_ plan: RestorePlan) -> String {
        switch plan.target {
        case .latest:
            "the latest moment" + (plan.requestedTime.map { ": everything durable at \($0)" } ?? "")
        case .time(let time): "the state at \(time)"
        case .backup(let name): "backup \(name) alone, without replay beyond its own end"
        case .position(_, let exclusive), .transaction(_, let exclusive):
            (exclusive ? "" : "up to and with ") + plan.target.words
        case .restorePoint: "up to " + plan.target.words
        case .event: plan.target.words
        }
    }

    /// The state's moment in the ways in which people name it.
    private static func addMoment(_ planned: PlannedRestore, to text: inout PersonText) {
        let plan = planned.plan
        // A position or a transaction is no moment: what it has of one is the last commit's.
        if let time = plan.requestedTime {
            text.field("In UTC", time.description)
        } else {
            text.field("Last \(plan.lastInside?.kind.noun ?? "commit")", plan.lastInside?.time.description)
        }
        text.field("Local time", planned.localTime)
        text.field("Position", "\(plan.expectedEnd)")
        text.field("Transaction", plan.lastInside.map { "\($0.xid) is the last one that ended" })
    }

    private static func addBackup(_ plan: RestorePlan, to text: inout PersonText) {
        text.heading("Base backup")
        text.field("Chosen", "\(plan.backupName), completed \(plan.backupCompleted)")
        text.field("Covers", "\(plan.backupStart) to \(plan.backupStop) on timeline \(plan.timeline)")
        for planned in plan.tablespaces {
            text.field(
                "Tablespace",
                "\(planned.tablespace.location) becomes pg_tblspc/\(planned.tablespace.number) of the copy"
                    + (planned.createdAt.map { "\nmade in the WAL at \($0)" } ?? ""))
        }
        for backup in plan.rejected { text.field("Not taken", "\(backup.name): \(backup.reason)") }
    }

    private static func addWAL(_ plan: RestorePlan, to text: inout PersonText) {
        text.heading("WAL to replay")
        text.field(
            "Range",
            "\(plan.backupStart) to \(plan.expectedEnd), \(ByteText.of(plan.walBytes))"
                + (plan.walBytes < 1024 ? "" : " (\(plan.walBytes) bytes)"))
        if let choice = plan.timelines { text.field("Timeline", timeline(choice, plan)) }
        text.field("New timeline", "\(plan.newTimeline), which the copy begins")
        guard let first = plan.segments.first, let last = plan.segments.last else {
            text.field("Segments", "none")
            return
        }
        text.field(
            "Segments",
            plan.segments.count == 1
                ? "1: \(first)" : "\(plan.segments.count): \(first) to \(last)")
    }

    /// `2, the source's own`, and on further lines the path there and what else could be followed.
    private static func timeline(_ choice: TimelineChoice, _ plan: RestorePlan) -> String {
        let why =
            switch choice.reason {
            case .current: "the source's own"
            case .newest: "the newest available"
            case .backup: "the backup's own"
            case .asked: "as asked"
            }
        var lines = ["\(choice.path.timeline), \(why)"]
        if !choice.path.history.entries.isEmpty {
            let path = plan.timelineStretches.map { part in
                "\(part.timeline)" + (part.end.map { " to \($0)" } ?? "")
            }
            lines.append("by way of " + path.joined(separator: ", then "))
        }
        if !choice.others.isEmpty {
            lines.append(
                "not followed: \(choice.others.map(\.description).joined(separator: ", ")) (--timeline)")
        }
        return lines.joined(separator: "\n")
    }

    private static func addCut(_ planned: PlannedRestore, to text: inout PersonText) {
        let plan = planned.plan
        text.heading("The cut")
        text.field(
            "Last inside", plan.lastInside.map(boundary) ?? "nothing was committed since the backup's end")
        text.field(
            "First outside", plan.firstOutside.map(boundary) ?? "none: the available WAL ends before another")
        for deed in planned.firstOutsideDid { text.field("It did", deed) }
    }

    private static func addRecovery(_ plan: RestorePlan, to text: inout PersonText) {
        text.heading("Handed to PostgreSQL")
        text.field("Setting", plan.setting.words)
        text.field("Why", plan.reason)
        text.field("Must end at", plan.expectedEnd.description)
        text.field("At least", minima(plan.minima))
    }

    private static func addFacts(_ planned: PlannedRestore, to text: inout PersonText) {
        let plan = planned.plan
        text.heading("The source at that moment")
        if plan.walLevels.isEmpty == false {
            text.field(
                "wal_level",
                plan.walLevels.map { "\($0.level.name) from \($0.from)" }.joined(separator: ", "))
        }
        for collation in planned.collations {
            text.field(
                "Collations",
                "\(collation.provider) \(collation.recorded) in \(collation.databases.joined(separator: ", "))"
                    + (collation.here.map { "; this machine has \($0)" } ?? ""))
        }
        for prepared in plan.inDoubt {
            text.field(
                "In doubt",
                "transaction \(prepared.xid)\(prepared.name.map { " '\($0)'" } ?? ""), prepared "
                    + (prepared.time.map { "at \($0)" } ?? "before the backup began"))
        }
    }

    /// `commit of transaction 745 at 2026-…Z`, and on a second line its record's place in the WAL.
    static func boundary(_ record: BoundaryRecord) -> String {
        "\(record.kind) of transaction \(record.xid) at \(record.time)\n"
            + "record \(record.lsn) to \(record.endLSN)"
    }

    private static func minima(_ minima: ParameterMinima) -> String {
        "max_connections \(minima.maxConnections), max_worker_processes \(minima.maxWorkerProcesses), "
            + "max_wal_senders \(minima.maxWalSenders), "
            + "max_prepared_transactions \(minima.maxPreparedTransactions), "
            + "max_locks_per_transaction \(minima.maxLocksPerTransaction)"
    }
}
