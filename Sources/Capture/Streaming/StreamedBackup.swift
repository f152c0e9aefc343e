public import Platform
public import PostgresClient
import PostgresFormat
public import Repository

/// Takes a base backup of a server that is not ours, by the replication protocol alone.
///
/// As with `BaseBackupCapture` the folder's name ends in `.incomplete` until everything is on the disk. The
/// WAL that belongs to it has to be received meanwhile by somebody else.
public struct StreamedBackup: Sendable {
    public let connection: ConnectionParameters
    public let layout: RepositoryLayout
    public var checkpoint = BaseBackupCommand.Checkpoint.spread
    /// Kilobytes a second; nil for as fast as it goes.
    public var maxRate: Int?
    /// How long to wait, after the copy, for the WAL that belongs to it.
    public var walTimeoutSeconds: Double = 600
    /// Why no WAL is received, if so: asked while the backup waits for its WAL.
    public var receivingTrouble: @Sendable () -> Problem? = { nil }
    /// What the backup leaves free on its file system, in bytes.
    public var reservedBytes: UInt64 = 0

    /// - Parameter connection: of a role that may replicate.
    public init(connection: ConnectionParameters, layout: RepositoryLayout) {
        self.connection = connection
        self.layout = layout
    }

    /// Takes the backup; on return it is complete, checked against the server's manifest, and on the disk,
    /// and the WAL it needs is in the archive.
    ///
    /// Throws `.backupNameAlreadyExists`, `.insufficientStorage`, `.backupDamaged` (what came is refused),
    /// `.canceled`, `.queryFailed`, `.stateDamaged` (the server is not the repository's).
    public func run(
        name: BackupNaming, source: BackupDescriptor.Source,
        progress: any ProgressReporter = SilentProgress(),
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(Problem) -> BackupDescriptor {
        let working = name.workingName
        let unfinished = try UnfinishedBackup(working, in: layout)
        do {
            let room = DiskRoom(path: layout.backups, reserve: reservedBytes)
            return try RoomWatch.during("the backup", in: room, expected: 0, under: cancellation) {
                try complete(name, source, working, unfinished, progress, $0)
            }
        } catch {
            unfinished.discard()
            throw error as? Problem ?? Problem(.system, "\(error)")
        }
    }

    private func complete(
        _ name: BackupNaming, _ source: BackupDescriptor.Source, _ label: String,
        _ unfinished: UnfinishedBackup, _ progress: any ProgressReporter, _ cancellation: CancellationFlag
    ) throws(Problem) -> BackupDescriptor {
        let session = try ReplicationConnection(connection)
        defer { session.close() }
        let server = try session.describeServer()
        try check(server)
        let version = try WALVersion.require(serverVersion: server.version)
        let startTime = try session.serverTime()
        let reception = try BackupReception(
            target: unfinished.data, try layout.encoder(), version, progress: progress)
        progress.begin("checkpoint of the source", totalBytes: nil)
        var isSending = false
        let command = BaseBackupCommand(label: label, checkpoint: checkpoint, maxRate: maxRate)
        try session.baseBackup(command, cancellation: cancellation) { (message) throws(Problem) in
            if !isSending {
                isSending = true
                progress.end()
                progress.begin("base backup", totalBytes: nil)
            }
            try reception.take(message)
        }
        progress.end()
        let stopTime = try session.serverTime()
        let received = try reception.finish()
        // As the server's own, without what was left out.
        let manifest = BackupManifest(
            of: received.files,
            BackupManifest.WALRange(timeline: received.timeline, start: received.start, end: received.stop),
            systemIdentifier: server.identity.systemIdentifier, version
        )
        var backup = BackupDescriptor(
            name: name.finalName(stopTime), source: source, label: label, timeline: received.timeline,
            startLSN: received.start, stopLSN: received.stop, checkpointLSN: received.label.checkpointLSN,
            startTime: startTime, stopTime: stopTime, storage: .zstd,
            totalBytes: received.files.reduce(0) { $0 + $1.size },
            storedBytes: received.files.reduce(0) { $0 + $1.storedBytes }, fileCount: received.files.count,
            systemIdentifier: server.identity.systemIdentifier, postgresVersion: server.version,
            segmentSize: server.segmentSize, settings: server.settings,
            manifestCRC32C: try unfinished.write(manifest), directories: received.directories,
            tablespaces: received.tablespaces)
        backup.passedOver = received.leftOut
        backup.collations = received.catalogs.collations
        backup.extensions = received.catalogs.extensions
        backup.preloadLibraries = received.catalogs.preloadLibraries ?? server.preloadLibraries
        try unfinished.write(backup)
        try unfinished.flush()
        try awaitWAL(backup, progress, cancellation)
        try unfinished.publish(as: backup.name)
        return backup
    }

    private func check(_ server: ReplicatedServer) throws(Problem) {
        let identity = try layout.identity()
        guard server.identity.systemIdentifier == identity.systemIdentifier else {
            throw Problem(
                .stateDamaged, "the server that answers is not the one that was attached",
                detail: "its system identifier is \(server.identity.systemIdentifier), "
                    + "that of its backups \(identity.systemIdentifier)",
                hint: "Detach it, and attach the one that is there now under another name.")
        }
    }

    private func awaitWAL(
        _ backup: BackupDescriptor, _ progress: any ProgressReporter, _ cancellation: CancellationFlag
    ) throws(Problem) {
        let archive = WALArchive(layout: layout)
        let watch = Stopwatch()
        progress.begin("receiving the backup's WAL", totalBytes: nil)
        defer { progress.end() }
        for segment in backup.requiredSegments {
            while !archive.contains(.segment(segment)) {
                try cancellation.check()
                if let trouble = receivingTrouble() { throw trouble }
                guard watch.seconds < walTimeoutSeconds else {
                    throw Problem(
                        .walMissing, "segment \(segment), which the backup needs, was not received",
                        detail: "waited \(Int(watch.seconds)) seconds",
                        hint: "Look at what 'pitr show' says of receiving, then repeat the backup.")
                }
                Pause.milliseconds(10)
            }
        }
    }
}
