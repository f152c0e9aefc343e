public import Platform
import PostgresFormat

/// The backups that a repository holds: one value for as long as they stay the same.
public final class BackupListing: Equatable, Sendable {
    /// The earliest stop first; damaged ones stand at the end, by name.
    public let backups: [StoredBackup]

    fileprivate init(_ backups: [StoredBackup]) {
        self.backups = backups.sorted { left, right in
            switch (left.descriptor, right.descriptor) {
            case (let left?, let right?):
                (left.stopLSN.rawValue, left.name) < (right.stopLSN.rawValue, right.name)
            case (.some, nil): true
            case (nil, .some): false
            case (nil, nil): left.name < right.name
            }
        }
    }

    public static func == (left: BackupListing, right: BackupListing) -> Bool { left === right }
}

/// Backups as they were when their files were looked at.
struct LookedAtBackups: Sendable {
    /// What one was read from; nil of a file that is not there, and of one that may change and look the same.
    fileprivate struct Looked: Sendable {
        var backup: StoredBackup
        var description: FileVersion?
        var check: FileVersion?
        var prepared: FileVersion?
        var isSettled = false
    }

    fileprivate var byName: [String: Looked] = [:]
    fileprivate var listing = BackupListing([])

    /// Of descriptions in memory, in bytes, roughly.
    fileprivate var weight: Int {
        byName.values.reduce(0) { $0 + 1024 + 2 * Int($1.description?.size ?? 0) }
    }
}

extension BackupRepository {
    /// All finished backups: as far as they are the same as the last time, out of memory where there is one.
    public func listing() throws(Problem) -> BackupListing {
        guard let memory = layout.memory?.listedBackups else {
            var found: [StoredBackup] = []
            for name in try finished() { found.append(try stored(name)) }
            return BackupListing(found)
        }
        let kept = try FileMemory.value(
            layout.backups, inFolders: { _ in [layout.backups, layout.checks] }, keptIn: memory,
            weight: \.weight
        ) { (last, tick) throws(Problem) in try look(last, tick: tick) }
        return kept.listing
    }

    /// Looks at what every backup is told from, and reads it where it is another one than the last time.
    private func look(_ last: LookedAtBackups?, tick: Int) throws(Problem) -> LookedAtBackups {
        var looked = LookedAtBackups()
        let folder = OpenDirectory(layout.backups)
        let checks = OpenDirectory(layout.checks)
        var found: [StoredBackup] = []
        var isSame = true
        for name in try finished() {
            let description = folder?.version(of: BackupFiles.descriptor(name))
            let check = checks?.version(of: name + ".json")
            let prepared = folder?.version(of: BackupFiles.prepared(name))
            if let known = last?.byName[name], known.isSettled, known.description == description,
                known.check == check, known.prepared == prepared
            {
                looked.byName[name] = known
                found.append(known.backup)
                continue
            }
            isSame = false
            var backup = try stored(name)
            if backup.descriptor != nil {
                let noted = StoredBackup.Noted(
                    lastCheck: backup.lastCheck, hasPrepared: !backup.preparedFiles.isEmpty)
                backup.noted = noted
            }
            found.append(backup)
            looked.byName[name] = LookedAtBackups.Looked(
                backup: backup, description: description, check: check, prepared: prepared,
                isSettled: backup.descriptor != nil
                    && [description, check, prepared].allSatisfy { $0?.isSettled(tick: tick) ?? true })
        }
        if let last, isSame, last.byName.count == found.count { return last }
        looked.listing = BackupListing(found)
        return looked
    }

    private func finished() throws(Problem) -> [String] {
        try DurableFiles.listIfPresent(layout.backups).filter { !Self.isUnfinished($0) }
    }
}
