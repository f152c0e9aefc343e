import Capture
import Catalog
import GRDB
import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repository
public import ServiceModel

/// Receiving WAL, and base backups beside it.
extension ControlPlane {
    /// Receives the WAL of an attached server until it is called off or detached.
    ///
    /// Throws `.serverBusy` where another process does so already.
    ///
    /// - Parameter tell: called when something about it has changed, at most once a second.
    public func receive(_ server: ServerReference, tell: (AttachedState) -> Void) throws {
        let row = try findComplete(server)
        try requireServer(row)
        guard let attachment = row.origin.attachment else {
            throw Problem(
                .operationNotSupported, "server '\(row.name)' is one of pitr's own, which archives by itself",
                hint: "Receiving is for servers that were attached: 'pitr attach'.")
        }
        guard let receiver = try RunningReceiver.start(row, attachment, self) else {
            throw Problem(
                .serverBusy, "another process receives the WAL of server '\(row.name)' already",
                hint: "That is 'pitr serve' or another 'pitr receive'.")
        }
        defer { receiver.stop() }
        var told: AttachedState.Phase?
        var healed: LSN?
        while !cancellation.isCancelled, !receiver.hasEnded {
            if let state = attachedState(row), state.phase != told {
                told = state.phase
                tell(state)
            }
            guard try isAttached(row) else { return }
            if receiver.status.phase == .streaming, let gap = try gapBehindBackups(of: row), gap != healed {
                // Nothing behind the gap can be restored before. One that fails is taken by maintenance.
                healed = gap
                _ = try? takeBackup(row, name: nil, onDemand: false)
            }
            let watch = Stopwatch()
            while watch.seconds < 1, !cancellation.isCancelled, !receiver.hasEnded {
                pause(milliseconds: 20)
            }
        }
        if let problem = receiver.problem { throw problem }
    }

    /// Does something while the WAL of an attached server is received, by whoever does already, else by this
    /// process.
    public func receiving<Value>(_ server: ServerReference, _ body: () throws -> Value) throws -> Value {
        let row = try findComplete(server)
        let receiver = try row.origin.attachment.flatMap { try RunningReceiver.start(row, $0, self) }
        defer { receiver?.stop() }
        try awaitStreaming(row, receiver)
        return try body()
    }

    /// The directory of PostgreSQL's programs that a new server would get.
    public func newestPrograms() throws -> String {
        try installation(forNew: nil).binDirectory
    }

    /// Where an attached server's WAL is missing that follows on its newest base backup.
    func gapBehindBackups(of row: ServerRow) throws -> LSN? {
        guard row.origin.attachment != nil, let gap = receiverFolder(row).status()?.gap else { return nil }
        let newest = try BackupRepository(layout: layout(row)).intact().map(\.startLSN).max()
        return newest.map { $0 <= gap } ?? true ? gap : nil
    }

    private func isAttached(_ row: ServerRow) throws -> Bool {
        try catalog.read { try ServerRow.fetchOne($0, key: row.id) }?.phase == .complete
    }

    /// Takes a base backup of an attached server, whose WAL somebody receives meanwhile: whoever does
    /// already, else this process.
    func streamBackup(
        _ row: ServerRow, _ attachment: Attachment, name: String?, onDemand: Bool, isFast: Bool
    ) throws -> BackupDescriptor {
        let own = try RunningReceiver.start(row, attachment, self)
        defer { own?.stop() }
        try awaitStreaming(row, own)
        var capture = StreamedBackup(
            connection: try connectionParameters(attachment, of: row), layout: layout(row))
        (capture.checkpoint, capture.maxRate) = (isFast ? .fast : .spread, attachment.maxRate)
        capture.reservedBytes = try diskRoom(layout(row).backups).reserve
        capture.receivingTrouble = { [self] in
            if let problem = own?.problem { return problem }
            guard own == nil, !isReceived(row) else { return nil }
            return Problem(
                .walMissing, "the process that received the WAL of '\(row.name)' has ended",
                hint: "Repeat the backup.")
        }
        RestoreFaults.reached("backup: begin")
        let backup = try capture.run(
            name: name.map { .given($0) } ?? .atCompletion(Identifiers.automaticBackupName),
            source: onDemand ? .onDemand : .automatic,
            progress: FaultyProgress(prefix: "backup: ", inner: progress), cancellation: cancellation)
        RestoreFaults.reached("backup: complete")
        return backup
    }

    /// The WAL has to come in before the backup begins: from then on none may be missing.
    private func awaitStreaming(_ row: ServerRow, _ own: RunningReceiver?) throws {
        let watch = Stopwatch()
        while true {
            if let problem = own?.problem { throw problem }
            let status = own.map { $0.status } ?? receiverFolder(row).status()
            if status?.phase == .streaming { return }
            try cancellation.check()
            guard watch.seconds < 20 else {
                throw Problem(
                    .serverIsNotReady, "the WAL of server '\(row.name)' cannot be received",
                    detail: status?.problem, hint: "'pitr attach --check' tells what is missing there.")
            }
            pause(milliseconds: 5)
        }
    }
}
