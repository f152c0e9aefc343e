import Planning
public import Platform
import PostgresFormat
public import Repository

/// Brings a base backup and WAL of somebody else's into a repository, in its own form.
///
/// As with `BaseBackupCapture` the folder's name ends in `.incomplete` until everything is on the disk, the
/// WAL included. What is brought in is checked on the way, and nothing of it is trusted.
public struct OpenedBackup: Sendable {
    public let examination: FoundBackupExamination
    public let layout: RepositoryLayout
    /// A folder for what has to be unpacked on the way; made and removed.
    public let staging: String
    public let serverID: String
    /// What is left free on the repository's file system, in bytes.
    public var reservedBytes: UInt64 = 0

    public init(
        _ examination: FoundBackupExamination, into layout: RepositoryLayout, staging: String,
        serverID: String
    ) {
        self.examination = examination
        self.layout = layout
        self.staging = staging
        self.serverID = serverID
    }

    /// Throws `.insufficientStorage`, `.backupDamaged`, `.walMissing`, and what looking at it throws.
    public func bring(_ name: BackupNaming) throws(Problem) -> (FoundBackup, BackupDescriptor) {
        let unfinished = try UnfinishedBackup(name.workingName, in: layout)
        do {
            let room = DiskRoom(path: layout.backups, reserve: reservedBytes)
            defer { try? DurableFiles.removeTree(staging) }
            try DurableFiles.makeDirectories(staging)
            let expected = try expectedBytes()
            try room.require(expected, for: "what is opened")
            return try RoomWatch.during("opening", in: room, expected: expected, under: flag) {
                try complete(name, unfinished, under: $0)
            }
        } catch {
            unfinished.discard()
            throw error as? Problem ?? Problem(.system, "\(error)")
        }
    }

    private var flag: CancellationFlag { examination.cancellation }
    private var progress: any ProgressReporter { examination.progress }

    /// Packed files take about what they took, others half of it.
    private func expectedBytes() throws(Problem) -> UInt64 {
        let base = try examination.base.storedBytes()
        var wal: UInt64 = 0
        for folder in examination.base.folders + examination.folders {
            let bytes = try FoundWAL.keptBytes(below: folder, from: examination.base.firstSegment)
            wal = DiskRoom.sum(wal, bytes)
        }
        let kept = DiskRoom.sum(examination.base.form == .folder ? base / 2 : base, wal)
        // Elsewhere there is other room, which is looked at by itself.
        guard DurableFiles.device(of: staging) == DurableFiles.device(of: layout.backups) else { return kept }
        return DiskRoom.sum(kept, try examination.base.copiedBytes())
    }

    private func complete(
        _ name: BackupNaming, _ unfinished: UnfinishedBackup, under flag: CancellationFlag
    ) throws(Problem) -> (FoundBackup, BackupDescriptor) {
        var examination = examination
        examination.cancellation = flag
        let found = try examination.run(
            target: (unfinished.data, try layout.encoder()), staging: staging + "/wal",
            segments: SegmentStaging(unfinished.scratch, of: layout), reserve: reservedBytes)
        try Self.require(found)
        try layout.create(
            RepositoryIdentity(
                serverID: serverID, systemIdentifier: found.systemIdentifier, postgresMajor: found.major,
                segmentSize: found.segmentSize))
        let backup = try describe(found, name, unfinished)
        try archive(found, under: flag)
        // What other files there are of a segment goes.
        try DurableFiles.removeTree(unfinished.scratch)
        // With the WAL, which lies on the same file system.
        try unfinished.flush()
        try unfinished.publish(as: backup.name)
        return (found, backup)
    }

    /// Throws for a backup that no copy can be made of.
    static func require(_ found: FoundBackup) throws(Problem) {
        if let first = found.damages.first {
            let more = found.damages.count > 1 ? ", and \(found.damages.count - 1) more" : ""
            throw Problem(
                .backupDamaged, "the base backup is damaged", detail: first + more,
                hint: "'pitr open --check' tells all of it. Take another backup, or repair a copy of it.")
        }
        if let first = found.reach.missing.first {
            let names = found.reach.missing.prefix(3).map(\.fileName).joined(separator: ", ")
            let more = found.reach.missing.count > 3 ? ", and \(found.reach.missing.count - 3) more" : ""
            // A file of that name may be there, and be none.
            let strange = found.wal.refused.first { $0.place.contains(first.fileName) }
            let reason = strange.map { "; '\($0.place)' is no WAL that can be read: \($0.reason)" } ?? ""
            throw Problem(
                .walMissing, "WAL is missing that the base backup is of no use without",
                detail: "\(names)\(more); it begins at \(found.label.startLSN) and ends at \(found.stop)"
                    + reason,
                hint: "Name the folder that has \(first.fileName): --wal DIR, as often as needed.")
        }
        guard found.reach.end >= found.stop else {
            let hint = "Name a folder that has the rest, whole: --wal DIR."
            let ends = "up to \(found.reach.end), and the backup ends at \(found.stop)"
            guard let damaged = found.reach.damaged.first(where: { $0.start < found.stop }) else {
                // A copy of the last segment that was made before the server had filled it.
                throw Problem(
                    .walMissing, "the WAL that lies there ends before the base backup does",
                    detail: "it goes \(ends)", hint: hint)
            }
            throw Problem(
                .walDamaged, "the WAL of the base backup is damaged in \(damaged.fileName)",
                detail: "it is readable \(ends)", hint: hint)
        }
    }

    private func describe(
        _ found: FoundBackup, _ name: BackupNaming, _ unfinished: UnfinishedBackup
    ) throws(Problem) -> BackupDescriptor {
        let manifest = BackupManifest(
            of: found.files,
            BackupManifest.WALRange(
                timeline: found.label.startTimeline, start: found.label.startLSN, end: found.stop),
            systemIdentifier: found.systemIdentifier, found.version
        )
        var backup = BackupDescriptor(
            name: name.finalName(found.completed), source: .automatic, label: found.label.label,
            timeline: found.label.startTimeline, startLSN: found.label.startLSN, stopLSN: found.stop,
            checkpointLSN: found.label.checkpointLSN, startTime: found.began, stopTime: found.completed,
            storage: .zstd, totalBytes: found.files.reduce(0) { $0 + $1.size },
            storedBytes: found.files.reduce(0) { $0 + $1.storedBytes }, fileCount: found.files.count,
            systemIdentifier: found.systemIdentifier, postgresVersion: found.major * 10_000,
            segmentSize: found.segmentSize, settings: found.settings,
            manifestCRC32C: try unfinished.write(manifest), directories: found.directories,
            tablespaces: found.tablespaces)
        backup.passedOver = found.leftOut
        try unfinished.write(backup)
        return backup
    }

    // MARK: WAL

    /// Archives what belongs to the backup, as PostgreSQL's `archive_command` would, in the order of WAL.
    private func archive(_ found: FoundBackup, under flag: CancellationFlag) throws(Problem) {
        let archive = WALArchive(layout: layout)
        try DurableFiles.makeDirectories(staging)
        for (timeline, text) in found.wal.histories.sorted(by: { $0.key < $1.key }) {
            try push(text, ArchivedFileName.timelineHistory(timeline), archive)
        }
        for (name, text) in found.wal.backups.sorted(by: { $0.key.fileName < $1.key.fileName }) {
            try push(text, name, archive)
        }
        let size = found.segmentSize.bytes
        progress.begin("archiving WAL", totalBytes: UInt64(found.segments.count) * size)
        defer { progress.end() }
        for segment in found.segments {
            try flag.check()
            try take(segment, archive, flag)
            progress.advance(bytes: size)
        }
    }

    private func push(_ text: String, _ name: ArchivedFileName, _ archive: WALArchive) throws(Problem) {
        let path = staging + "/" + name.fileName
        try DurableFiles.write(Array(text.utf8), to: path, durable: false)
        _ = try archive.push(path: path, name: name.fileName)
        try DurableFiles.removeFile(path)
    }

    private func take(
        _ found: FoundSegment, _ archive: WALArchive, _ flag: CancellationFlag
    ) throws(Problem) {
        guard let name = found.segment, let path = found.path else { return }
        // What gets no end is archived as PostgreSQL archives the last of a timeline.
        let isPartial = found.isUnfinished || (found.isCalledPartial && !found.isWhole)
        let archived = isPartial ? ArchivedFileName.partial(name) : ArchivedFileName.segment(name)
        if let staged = found.staged { return try archive.publish(staged, as: archived) }
        let unpacked = try unpack(found, flag)
        _ = try archive.push(path: unpacked ?? path, name: archived.fileName)
        if let unpacked { try DurableFiles.removeFile(unpacked) }
    }

    /// Unpacks it into the staging folder, as long as a segment is; nil where it lies there like that.
    private func unpack(_ found: FoundSegment, _ flag: CancellationFlag) throws(Problem) -> String? {
        guard let name = found.segment, let path = found.path,
            found.isPacked || found.summary.rawBytes != name.size.bytes
        else { return nil }
        let copy = staging + "/" + name.fileName + ".unpacked"
        let target = try OpenFile(creating: copy)
        var written: UInt64 = 0
        do {
            try UnpackedFile(try OpenFile(reading: path), cancellation: flag).forEachChunk { bytes in
                let room = name.size.bytes - written
                let count = Int(min(UInt64(bytes.count), room))
                try target.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: written)
                written += UInt64(count)
                return written < name.size.bytes
            }
        } catch {
            throw error as? Problem ?? Problem(.system, "\(error)")
        }
        try target.truncate(to: name.size.bytes)
        return copy
    }
}
