import Catalog
import Instance
import Platform
import PostgresFormat
import Repository
public import ServiceModel

/// Archiving that stands still: PostgreSQL has WAL to hand out, and nothing takes it.
///
/// PostgreSQL counts an archive command's failures only where it ends with an ordinary status. One that the
/// shell cannot find or run, one that a signal ended and one that hangs leave no trace in
/// `pg_stat_archiver`, so the files tell: those that wait, and when the archive last got one.
struct ArchivingStall {
    /// Files that wait.
    let count: Int
    /// The first of them.
    let first: String
    /// Since when nothing happened although something waited.
    let since: PostgresTimestamp
    /// What the server's log says, or that it says nothing.
    let reason: String

    /// Seconds without a word before it counts: a segment takes a tenth of one.
    static let patience: Int64 = 20
}

extension ControlPlane {
    /// Nil while a running server's archiving is going on, or has nothing to do. Asks no server.
    func archivingStall(_ row: ServerRow) -> ArchivingStall? {
        let directory = instancePaths(row).data + "/pg_wal/archive_status"
        let suffix = ".ready"
        let names = ((try? DurableFiles.listIfPresent(directory)) ?? []).filter { $0.hasSuffix(suffix) }
        // Histories go first, then the oldest segment.
        // Of very many the first tell enough.
        let waiting = names.prefix(1000).compactMap { name in
            DurableFiles.status(directory + "/" + name).map { (name.dropLast(suffix.count), $0.modified) }
        }
        guard let oldest = waiting.map(\.1).min(), let first = waiting.first?.0 else { return nil }
        let archived = WALArchive(layout: layout(row)).lastChange()
        let started = DurableFiles.status(instancePaths(row).data + "/postmaster.pid")?.modified ?? 0
        let since = max(oldest, archived, started)
        guard clock.now().unixMicroseconds / 1_000_000 - since > ArchivingStall.patience else { return nil }
        let instant = PostgresTimestamp(unixSeconds: since)
        // A failure that has lasted longer than this is told again and again.
        let text = instant.wholeSeconds.replacing("T", with: " ").replacing("Z", with: "")
        let words = (try? instance(row))?.archivingWords(since: text)
        return ArchivingStall(
            count: names.count, first: String(first), since: instant,
            reason: words ?? "the server's log says nothing of it, so the archive command may hang")
    }
}

extension ArchiverHealth {
    mutating func add(_ stall: ArchivingStall) {
        isFailing = true
        waitingFiles = stall.count
        waitingSince = stall.since
        lastFailedWAL = lastFailedWAL ?? stall.first
        reason = reason ?? stall.reason
    }

    /// Where and since when it fails, and why.
    public var failureWords: String {
        var words = lastFailedWAL ?? "a segment"
        if let since = waitingSince {
            words += ", \(waitingFiles) \(waitingFiles == 1 ? "file waits" : "files wait") since \(since)"
        } else {
            words +=
                " failed" + (lastFailedTime.map { " at \($0)" } ?? "") + ", \(failedCount) failures so far"
        }
        return words + (reason.map { ": \($0)" } ?? "")
    }
}
