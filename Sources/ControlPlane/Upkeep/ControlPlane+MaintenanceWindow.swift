import Catalog
import Instance
import Platform
import PostgresFormat
import Repository
import ServiceModel

/// What a server's maintenance window decides: when daily work is due, and what waits for it.
extension ControlPlane {
    /// Whether the daily backup is due, by when the last one was complete: a day after it, or from the
    /// window's time of day on.
    static func isDailyWorkDue(
        since last: PostgresTimestamp, _ window: MaintenanceWindow?, at now: PostgresTimestamp
    ) -> Bool {
        guard let window else { return now >= last.advanced(bySeconds: 86_400) }
        return last < window.lastDailyStart(at: now)
    }

    /// As part of maintenance: a server takes the newer minor version that was installed, in its window only.
    /// It restarts for that, so that one without a window is left to its owner.
    func takeNewerMinor(_ row: ServerRow, now: PostgresTimestamp, dryRun: Bool) throws -> [MaintenanceAction]
    {
        guard let window = row.maintenanceWindow, window.isOpen(at: now), state(row) == .ready,
            let installed = try newerMinor(row),
            let lock = try DirectoryLock.attempt(paths.serverLock(row.id))
        else { return [] }
        defer { lock.release() }
        let reason = "PostgreSQL \(installed) is installed, and it runs \(row.postgresVersion)"
        return [
            act(row.name, "take-minor-version", row.name, reason, dryRun: dryRun) {
                try perform(.restart, server: row, properties: ["reason": reason], for: nil) { _ in
                    try instance(row).stop(.fast)
                    try bringUp(row)
                }
            }
        ]
    }

    private func newerMinor(_ row: ServerRow) throws -> String? {
        let installed = try installation(row).minorVersion
        return Self.isNewer(installed, than: row.postgresVersion) ? installed : nil
    }

    /// `15.9` is older than `15.18`; of what cannot be compared nothing is newer.
    static func isNewer(_ version: String, than other: String) -> Bool {
        let (new, old) = (version.split(separator: "."), other.split(separator: "."))
        guard new.count == 2, old.count == 2, new[0] == old[0], let new = Int(new[1]), let old = Int(old[1])
        else { return false }
        return new > old
    }
}

/// Which backups are to be checked, when.
struct VerificationSchedule {
    struct Known: Equatable {
        var name: String
        var made: PostgresTimestamp
        /// Its last check; nil where it has had none.
        var checked: PostgresTimestamp?
    }

    /// Nil checks one backup a day.
    var window: MaintenanceWindow?

    private static let secondsBetweenChecks: Int64 = 86_400

    /// The backup whose check is due: that whose last check is the longest ago.
    ///
    /// Without a window it is one a day, and a backup's first is due a day after it was made. With one, each
    /// backup that was there when it opened is checked once while it is open; behind it, one, if there was
    /// none.
    func due(of backups: [Known], at now: PostgresTimestamp) -> Known? {
        let since = window?.lastOpening(at: now) ?? now.advanced(bySeconds: -Self.secondsBetweenChecks)
        let isWorkingTime = window?.isOpen(at: now) ?? false
        let areChecked = backups.contains { $0.checked.map { $0 > since } ?? false }
        guard isWorkingTime || !areChecked else { return nil }
        return backups.filter { $0.made <= since && ($0.checked.map { $0 <= since } ?? true) }
            .min { ($0.checked ?? $0.made) < ($1.checked ?? $1.made) }
    }
}
