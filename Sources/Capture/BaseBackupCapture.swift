public import Platform
public import PostgresClient
import PostgresFormat
public import Repository

/// Takes a base backup of a running server into its repository.
///
/// The folder's name ends in `.incomplete` until everything in it is on the disk; a failure or a
/// cancellation removes it and the server forgets the backup.
public struct BaseBackupCapture: Sendable {
    public let connection: ConnectionParameters
    public let dataDirectory: String
    public let layout: RepositoryLayout
    public var workers = 2
    /// How long to wait, after the copy, for the server to archive the WAL that belongs to it.
    public var archiveTimeoutSeconds: Double = 600
    /// Why WAL is not archived though PostgreSQL counts no failure, if so: asked once a second while the
    /// backup waits for its WAL.
    public var archivingTrouble: @Sendable () -> String? = { nil }
    /// What the backup leaves free on its file system for the servers there, in bytes.
    public var reservedBytes: UInt64 = 0

    /// - Parameters:
    ///   - connection: of a superuser.
    ///   - dataDirectory: of that server, on this machine.
    public init(connection: ConnectionParameters, dataDirectory: String, layout: RepositoryLayout) {
        self.connection = connection
        self.dataDirectory = dataDirectory
        self.layout = layout
    }

    /// Takes the backup; on return it is complete, verified as far as page checksums go, and on the disk, and
    /// the WAL it needs is in the archive.
    ///
    /// Throws `.backupNameAlreadyExists`, `.insufficientStorage`, `.operationNotSupported` (a file of
    /// PostgreSQL's own that is a link or cannot be read), `.backupDamaged` (the source has a damaged page),
    /// `.canceled`, `.queryFailed`, `.stateDamaged` (the server is not the repository's).
    ///
    /// - Parameter label: what the server's own files call the backup; unless given, the name, or that of the
    ///   folder where the name is not known before the end.
    public func run(
        name: BackupNaming, source: BackupDescriptor.Source, label: String? = nil,
        progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> BackupDescriptor {
        let working = name.workingName
        try UnfinishedBackup.requireFree(working, in: layout)
        let session = try BackupSession(connection)
        defer { session.close() }
        let server = try session.server()
        try check(server)
        let unfinished = try UnfinishedBackup(working, in: layout)
        do {
            let clones = try FileClone.works(from: dataDirectory + "/PG_VERSION", into: unfinished.data)
            // Before the server is asked for anything: its checkpoint takes room, too.
            let expected = try expectedBytes(server, clones: clones)
            let room = DiskRoom(path: layout.backups, reserve: reservedBytes)
            try room.require(expected, for: "the backup")
            return try RoomWatch.during("the backup", in: room, expected: expected, under: cancellation) {
                try complete(
                    name, source, label ?? working, session, server, unfinished, clones: clones, progress, $0)
            }
        } catch {
            session.close()
            unfinished.discard()
            throw error as? Problem ?? Problem(.system, "\(error)")
        }
    }

    private func complete(
        _ name: BackupNaming, _ source: BackupDescriptor.Source, _ label: String, _ session: BackupSession,
        _ server: BackupSession.Server, _ unfinished: UnfinishedBackup, clones: Bool,
        _ progress: any ProgressReporter, _ cancellation: CancellationFlag
    ) throws(Problem) -> BackupDescriptor {
        let backup = try take(
            name, source, label, session, server, unfinished, clones: clones, progress, cancellation)
        try UnfinishedBackup.requireFree(backup.name, in: layout)
        try unfinished.write(backup)
        try unfinished.flush()
        try awaitArchive(backup.requiredSegments, session, progress, cancellation)
        try cancellation.check()
        try unfinished.publish(as: backup.name)
        // The backup is complete, whatever becomes of this.
        try? session.provideSpareSegment(in: dataDirectory + "/pg_wal", server.segmentSize)
        return backup
    }

    /// What a backup of the data directory would pass over; throws what would keep it from being made.
    public static func survey(dataDirectory: String, major: Int) throws(Problem) -> [PassedOver] {
        try DataDirectoryWalk(dataDirectory, major: major).passedOver
    }

    private func take(
        _ name: BackupNaming, _ source: BackupDescriptor.Source, _ label: String,
        _ session: BackupSession, _ server: BackupSession.Server, _ unfinished: UnfinishedBackup,
        clones: Bool,
        _ progress: any ProgressReporter, _ cancellation: CancellationFlag
    ) throws(Problem) -> BackupDescriptor {
        try cancellation.check()
        progress.begin("checkpoint", totalBytes: nil)
        let start = try session.start(label: label)
        progress.end()
        let walk = try DataDirectoryWalk(
            dataDirectory, major: WALVersion.major(ofServerVersion: server.version))
        let context = CaptureFileJob.Context(
            dataDirectory: dataDirectory, target: unfinished.data, storage: clones ? .plain : .zstd,
            checksumsBefore: server.hasPageChecksums ? start : nil, writeback: WritebackQueue(),
            progress: progress)
        for directory in walk.directories {
            try DurableFiles.makeDirectory(context.target + "/" + directory, durable: false)
        }
        progress.begin("base backup", totalBytes: walk.totalBytes)
        var captured = try copy(walk, context, cancellation)
        progress.end()
        let stopped = try session.stop()
        // The server's tablespace_map stays out: with it a copy would be linked to the source's directories.
        captured.append(
            try SmallFileStore(layout, target: context.target, storage: context.storage).store(
                Array(stopped.label.utf8), as: "backup_label",
                modified: stopped.time.unixMicroseconds / 1_000_000))
        let position = try Self.read(label: stopped.label)
        let manifest = BackupManifest(
            of: captured,
            BackupManifest.WALRange(timeline: position.startTimeline, start: start, end: stopped.lsn),
            systemIdentifier: server.systemIdentifier, try server.walVersion()
        )
        var descriptor = BackupDescriptor(
            name: name.finalName(stopped.time), source: source, label: label,
            timeline: position.startTimeline, startLSN: start,
            stopLSN: stopped.lsn, checkpointLSN: position.checkpointLSN, startTime: server.now,
            stopTime: stopped.time, storage: context.storage, totalBytes: captured.reduce(0) { $0 + $1.size },
            storedBytes: captured.reduce(0) { $0 + $1.storedBytes }, fileCount: captured.count,
            systemIdentifier: server.systemIdentifier, postgresVersion: server.version,
            segmentSize: server.segmentSize, settings: server.settings,
            manifestCRC32C: try unfinished.write(manifest), directories: walk.directories,
            tablespaces: walk.tablespaces)
        descriptor.collations = try session.collations()
        descriptor.passedOver = walk.passedOver.map(\.words)
        return descriptor
    }

    /// Copies everything, the biggest files first, `pg_control` when all else is done.
    private func copy(
        _ walk: DataDirectoryWalk, _ context: CaptureFileJob.Context, _ cancellation: CancellationFlag
    ) throws(Problem) -> [CapturedFile] {
        let jobs = walk.files.filter { $0.path != BackupFiles.controlFile }
            .sorted { ($0.size, $1.path) > ($1.size, $0.path) }
            .map { CaptureFileJob($0, context) }
        try ChunkedJobs.run(jobs, workers: workers, cancellation: cancellation) {
            () throws(Problem) in try layout.encoder()
        }
        let control = try SmallFileStore(layout, target: context.target, storage: context.storage)
            .storeControlFile(of: dataDirectory)
        return jobs.compactMap(\.captured) + [control]
    }

    private static func read(label text: String) throws(Problem) -> BackupLabel {
        do {
            return try BackupLabel(parsing: text)
        } catch {
            throw Problem(
                .queryFailed, "the server's backup_label cannot be read", detail: "line \(error.line)")
        }
    }

    private func check(_ server: BackupSession.Server) throws(Problem) {
        let identity = try layout.identity()
        guard server.systemIdentifier == identity.systemIdentifier else {
            throw Problem(
                .stateDamaged, "the server is not the one this repository is of",
                detail: "its system identifier is \(server.systemIdentifier), "
                    + "the repository's \(identity.systemIdentifier)")
        }
    }

    /// Bytes that the backup is going to take. Compressed files take less than the data, how much less shows
    /// only at the end; half is asked for. A clone takes no more than its entry.
    private func expectedBytes(_ server: BackupSession.Server, clones: Bool) throws(Problem) -> UInt64 {
        let walk = try DataDirectoryWalk(
            dataDirectory, major: WALVersion.major(ofServerVersion: server.version))
        return clones ? UInt64(walk.files.count) * 4096 : walk.totalBytes / 2
    }
}
