import Catalog
import Platform
import PostgresFormat
import Repository
import ServiceModel

/// What is deleted because its time is over: backups, WAL that none of them needs, deleted servers.
extension ControlPlane {
    /// How a maintenance looks at the time.
    struct ExpiryTime {
        /// When it acts as if it were.
        var now: PostgresTimestamp
        /// Somebody has looked at the clock, and vouches for it: nothing waits.
        var isAccepted: Bool
        var dryRun: Bool
        /// The clock has just gone by itself: whatever depends on it is left alone this time.
        var hasGap = false
    }

    // MARK: The clock

    /// Looks whether the clock goes as the machine's uptime does, and says so if it does not.
    func checkClock(_ time: inout ExpiryTime) throws -> [MaintenanceAction] {
        let wall = clock.now()
        let dryRun = time.dryRun
        let gap = try changeLedger(keeping: !dryRun) { ledger in
            ledger.observe(wall: wall, try MachineUptime.now())?.seconds
        }
        guard let gap else { return [] }
        time.hasGap = true
        return [
            MaintenanceAction(
                server: nil, action: "check-clock", subject: "clock", reason: Self.clockWords(gap),
                outcome: time.isAccepted ? .accepted : dryRun ? .planned : .waits)
        ]
    }

    private static func clockWords(_ gap: Double) -> String {
        let hours = Int((abs(gap) / 3600).rounded())
        let size =
            hours >= 48
            ? "\(hours / 24) days"
            : hours >= 2 ? "\(hours) hours" : "\(Int((abs(gap) / 60).rounded())) minutes"
        return "the clock went \(size) \(gap > 0 ? "further" : "less far") than the machine's uptime; "
            + "nothing is deleted by time for 24 hours of uptime"
    }

    /// What `doctor` says of the clock; nothing while it goes as it should.
    func clockFinding() -> DoctorFinding? {
        guard let ledger = try? readLedger(), let uptime = try? MachineUptime.now() else { return nil }
        guard let gap = ledger.gap(wall: clock.now(), uptime) ?? ledger.recentGap?.seconds else { return nil }
        return DoctorFinding(
            level: .warning, subject: "clock", message: Self.clockWords(gap),
            remedy:
                "Look whether the time is right now. If it is, 'pitr maintain --accept-clock' does not wait; "
                + "look first what it would delete: 'pitr maintain --accept-clock --dry-run'.")
    }

    private func readLedger() throws(Problem) -> ExpiryLedger {
        try DurableFiles.readIfPresent(paths.expiry).map { ExpiryLedger(parsing: $0) } ?? ExpiryLedger()
    }

    private func changeLedger<Value>(
        keeping: Bool = true, _ body: (inout ExpiryLedger) throws -> Value
    ) throws -> Value {
        let lock = try DirectoryLock.wait(paths.expiryLock)
        defer { lock.release() }
        let before = try readLedger()
        var ledger = before
        let value = try body(&ledger)
        if keeping, ledger.isWorthKeeping(after: before) {
            try DurableFiles.write(ledger.encoded(), to: paths.expiry)
        }
        return value
    }

    /// The machine's uptime that was seen until now, over its boots, in seconds.
    func countedUptime() throws -> Double {
        // A gap is told by whoever looks at the clock, and not forgotten here.
        try changeLedger(keeping: readLedger().anchor == nil) { ledger in
            _ = ledger.observe(wall: clock.now(), try MachineUptime.now())
            return ledger.counted
        }
    }

    /// Seconds of uptime that are missing until what is due may be deleted.
    func missingUptime(_ name: String, of owner: String) -> Double {
        guard var ledger = try? readLedger(), let uptime = try? MachineUptime.now() else {
            return ExpiryLedger.patience
        }
        _ = ledger.observe(wall: clock.now(), uptime)
        return ledger.wait(name, of: owner) ?? ExpiryLedger.patience
    }

    /// What may be deleted of what is due, and the lines about what waits.
    ///
    /// - Parameter longest: seconds of uptime after which it may be deleted whenever it was marked.
    func ripe(
        _ due: [String], of owner: String, _ time: ExpiryTime, longest: Double = .infinity,
        waiting: (_ name: String, _ words: String) -> MaintenanceAction
    ) throws -> (ripe: [String], waiting: [MaintenanceAction]) {
        if time.isAccepted { return (due, []) }
        let (sorted, waits) = try changeLedger(keeping: !time.dryRun) { ledger in
            let uptime = try MachineUptime.now()
            _ = ledger.observe(wall: clock.now(), uptime)
            let sorted = ledger.sort(due: due, of: owner)
            return (
                sorted,
                Dictionary(
                    due.map { ($0, ledger.wait($0, of: owner) ?? 0) }, uniquingKeysWith: { $1 })
            )
        }
        let told = due.filter { !sorted.ripe.contains($0) && (time.dryRun || sorted.fresh.contains($0)) }
        return (
            due.filter { sorted.ripe.contains($0) },
            told.map { name in
                let hours = Int((min(longest, waits[name] ?? 0) / 3600).rounded(.up))
                return waiting(
                    name, "deleted if it still is when the machine has been up for \(hours) more hours")
            }
        )
    }

    // MARK: Backups and WAL

    func expire(_ row: ServerRow, _ time: ExpiryTime) throws -> [MaintenanceAction] {
        let repository = BackupRepository(layout: layout(row))
        let policy = RetentionPolicy(
            days: row.backupRetentionDays, history: row.retentionHistory)
        let due = policy.decide(backups: try retained(repository), now: time.now).expired
        guard let pin = try DirectoryLock.attempt(paths.pin(row.id)) else {
            return due.isEmpty
                ? []
                : [
                    MaintenanceAction(
                        server: row.name, action: "expire-backup", subject: row.name,
                        reason: "a restore is reading its backups", outcome: .passedOver)
                ]
        }
        defer { pin.release() }
        let reason = "older than the retention period"
        let (ripe, waiting) = try ripe(due, of: "backup/\(row.id)", time) { name, words in
            MaintenanceAction(
                server: row.name, action: "expire-backup", subject: name, reason: "\(reason); \(words)",
                outcome: time.dryRun ? .planned : .marked)
        }
        var gone: Set<String> = []
        var actions = ripe.map { name in
            act(row.name, "expire-backup", name, reason, dryRun: time.dryRun) {
                try repository.delete(name)
                gone.insert(name)
            }
        }
        if time.dryRun { gone.formUnion(ripe) }
        actions += waiting
        return try actions + expireWAL(row, repository, without: gone, dryRun: time.dryRun)
    }

    private func retained(_ repository: BackupRepository) throws -> [RetainedBackup] {
        try repository.list().compactMap { entry in
            entry.descriptor.map {
                RetainedBackup(
                    name: $0.name, completed: $0.stopTime, startLSN: $0.startLSN, timeline: $0.timeline,
                    isDamaged: entry.damage != nil)
            }
        }
    }

    /// Removes WAL that none of the backups needs that are there: whatever still waits keeps its WAL.
    private func expireWAL(
        _ row: ServerRow, _ repository: BackupRepository, without gone: Set<String>, dryRun: Bool
    ) throws -> [MaintenanceAction] {
        let kept = try retained(repository).filter { !gone.contains($0.name) }
        guard let keepFrom = RetentionPolicy.keepFrom(kept)?.lsn else { return [] }
        let archive = WALArchive(layout: layout(row))
        let unneeded = try archive.names().filter { name in
            guard let segment = Self.segment(of: name) else { return false }
            // On whatever timeline: every backup that is kept begins later.
            return segment.end <= keepFrom
        }
        guard !unneeded.isEmpty else { return [] }
        return [
            act(
                row.name, "expire-wal",
                "\(unneeded.count) \(unneeded.count == 1 ? "file" : "files") before \(keepFrom)",
                "no backup that is kept needs them", dryRun: dryRun
            ) { try archive.remove(unneeded) }
        ]
    }

    private static func segment(of name: ArchivedFileName) -> SegmentName? {
        switch name {
        case .segment(let segment), .partial(let segment), .backupHistory(let segment, _): segment
        case .timelineHistory: nil
        }
    }

    // MARK: Deleted servers

    func purgeIfDue(_ row: ServerRow, _ time: ExpiryTime) throws -> [MaintenanceAction] {
        guard let deleted = row.deletedAt else { return [] }
        let isDue = time.now >= deleted.advanced(bySeconds: Self.revivalDays * 86_400)
        let reason = "deleted \(deleted), more than \(Self.revivalDays) days ago"
        let (ripe, waiting) = try ripe(isDue ? [row.id] : [], of: "server/\(row.id)", time) { _, words in
            MaintenanceAction(
                server: row.name, action: "purge-deleted", subject: row.id, reason: "\(reason); \(words)",
                outcome: time.dryRun ? .planned : .marked)
        }
        guard !ripe.isEmpty else { return waiting }
        return [
            act(row.name, "purge-deleted", row.id, reason, dryRun: time.dryRun) {
                guard let pin = try DirectoryLock.attempt(paths.pin(row.id)) else {
                    throw Problem(.serverBusy, "a restore is reading its backups")
                }
                defer { pin.release() }
                try removeForGood(row)
            }
        ]
    }
}
