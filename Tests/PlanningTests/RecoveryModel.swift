import Planning
import PostgresFormat

/// The rule and PostgreSQL in a few lines each: what a restore must give, and what a setting makes of WAL.
struct RecoveryModel {
    let records: [CraftedWAL.Record]
    let backups: [InventoryBackup]

    /// Where the state at an instant ends.
    struct Cut {
        /// The last commit, abort or prepare inside.
        var lastInside: CraftedWAL.Record?
        var firstOutside: CraftedWAL.Record?
        /// The newest backup from which it can be reached.
        var backup: InventoryBackup?
    }

    /// nil is the end of the WAL.
    func cut(_ time: PostgresTimestamp?) -> Cut {
        let ends = records.filter { $0.kind != nil }
        func isAfter(_ record: CraftedWAL.Record) -> Bool {
            guard let time, let own = record.time else { return false }
            return own > time
        }
        let outside = ends.first { $0.kind != .prepare && isAfter($0) }
        let before = ends.prefix { $0 != outside }
        return Cut(
            lastInside: before.last { !isAfter($0) }, firstOutside: outside,
            backup: backups.filter { backup in
                backup.damage == nil && outside.map { backup.stopLSN <= $0.start } ?? true
            }.max { $0.stopLSN < $1.stopLSN })
    }

    enum Outcome: Equatable {
        /// The server opens with these records replayed.
        case opened([CraftedWAL.Record])
        case fatal(String)
    }

    /// What PostgreSQL does from a backup on, with nothing but the WAL up to `end` at hand.
    func replay(from backup: InventoryBackup, setting: RecoverySetting, upTo end: LSN) -> Outcome {
        var replayed: [CraftedWAL.Record] = []
        var position = backup.startLSN
        func outcome() -> Outcome {
            position >= backup.stopLSN
                ? .opened(replayed) : .fatal("recovery stopped before a consistent recovery point")
        }
        for record in records where record.start >= backup.startLSN && record.end <= end {
            if case .time(let time) = setting, let kind = record.kind, kind != .prepare,
                let own = record.time,
                own > time
            {
                return outcome()
            }
            if case .beforeLSN(let target) = setting, record.start >= target { return outcome() }
            if case .beforeTransaction(let id) = setting, record.ends(id) { return outcome() }
            replayed.append(record)
            position = record.end
            if case .transaction(let id) = setting, record.ends(id) { return outcome() }
            if case .name(let name) = setting, record.name == name { return outcome() }
            if case .lsn(let target) = setting, record.start >= target { return outcome() }
            if case .immediate = setting, position >= backup.stopLSN { return outcome() }
        }
        return .fatal("recovery ended before configured recovery target was reached")
    }

    /// What is wrong with a plan whose target is a place in the WAL.
    ///
    /// - Parameter limit: where the first record left out starts.
    /// - Parameter byRecord: whether everything in front of it is inside, not only up to the last end of a
    ///   transaction.
    func flaw(of plan: RestorePlan, upTo limit: LSN, byRecord: Bool) -> String? {
        let newest = backups.filter { $0.damage == nil && $0.stopLSN <= limit }
            .max { $0.stopLSN < $1.stopLSN }
        guard let backup = newest, backup.name == plan.backupName else {
            return "not backup \(newest as Any)"
        }
        guard let last = plan.segments.last else { return "no segments" }
        switch replay(from: backup, setting: plan.setting, upTo: last.end) {
        case .fatal(let reason): return reason
        case .opened(let replayed):
            let ends = records.filter { $0.kind != nil }
            let inside = ends.last { $0.start < limit && $0.start >= backup.stopLSN }
            let outside = ends.first { $0.start >= limit }
            let expected = records.filter { $0.start >= backup.startLSN && $0.start < limit }
            if byRecord, replayed != expected { return "\(replayed.count) records, not \(expected.count)" }
            if let inside, !replayed.contains(inside) { return "\(inside) was not replayed" }
            if replayed.contains(where: { $0.start >= limit }) { return "more than what is inside" }
            let rest = replayed.filter { $0.start >= (inside?.end ?? backup.stopLSN) }
            if !byRecord, let extra = rest.first(where: { $0.leaks || $0.kind != nil }) {
                return "\(extra) was replayed and is not inside"
            }
            if replayed.last?.end != plan.expectedEnd {
                return "ended at \(String(describing: replayed.last))"
            }
            if plan.lastInside?.lsn != inside?.start {
                return "the last inside is \(String(describing: inside))"
            }
            if plan.firstOutside?.lsn != outside?.start {
                return "the first outside is \(String(describing: outside))"
            }
            return nil
        }
    }

    /// What is wrong with a plan; nil if it gives exactly the state at the time.
    func flaw(of plan: RestorePlan, at time: PostgresTimestamp?) -> String? {
        let cut = cut(time)
        guard let backup = backups.first(where: { $0.name == plan.backupName }) else { return "no backup" }
        if let outside = cut.firstOutside, outside.start < backup.stopLSN {
            return "backup \(backup.name) holds what is outside"
        }
        guard let first = plan.segments.first, let last = plan.segments.last,
            plan.segments.map(\.number) == Array(first.number...last.number), first.start <= backup.startLSN
        else { return "the segments \(plan.segments) are no unbroken range" }
        switch replay(from: backup, setting: plan.setting, upTo: last.end) {
        case .fatal(let reason):
            return reason
        case .opened(let replayed):
            return flaw(of: replayed, cut: cut, backup: backup, plan: plan)
        }
    }

    private func flaw(
        of replayed: [CraftedWAL.Record], cut: Cut, backup: InventoryBackup, plan: RestorePlan
    ) -> String? {
        let last = cut.lastInside.flatMap { $0.start >= backup.stopLSN ? $0 : nil }
        if let last, !replayed.contains(last) { return "the last record inside (\(last)) was not replayed" }
        if let outside = cut.firstOutside, replayed.contains(outside) { return "\(outside) was replayed" }
        let rest = replayed.filter { $0.start >= (last?.end ?? backup.stopLSN) }
        if let extra = rest.first(where: { $0.leaks || $0.kind != nil }) {
            return "\(extra) was replayed and is not inside"
        }
        guard let end = replayed.last?.end, end == plan.expectedEnd else {
            return "replay ended at \(replayed.last?.end ?? .zero), expected \(plan.expectedEnd)"
        }
        if plan.lastInside?.lsn != last?.start || plan.lastInside?.endLSN != last?.end {
            return
                "the last inside is \(String(describing: last)), not \(String(describing: plan.lastInside))"
        }
        if plan.lastInside?.time != last?.time { return "the last inside has another time" }
        let outside = cut.firstOutside
        if plan.firstOutside?.lsn != outside?.start || plan.firstOutside?.time != outside?.time
            || plan.firstOutside?.xid != outside?.xid
        {
            return "the first outside is \(String(describing: outside))"
        }
        return nil
    }
}

extension CraftedWAL.Record {
    /// Whether recovery takes it for the end of a transaction.
    func ends(_ id: TransactionID) -> Bool {
        kind?.canStopRecovery == true && xid == id.rawValue
    }
}
