import Capture
import Catalog
import GRDB
import Holdings
import Platform
import PostgresClient
import PostgresFormat
import Repository
import ServiceModel

/// Servers that are not ours: where their things lie, how they are reached, and how they stand.
extension ControlPlane {
    func receiverFolder(_ row: ServerRow) -> ReceiverFolder {
        ReceiverFolder(path: paths.received(row.id))
    }

    /// How an attached source is reached; the password is read from its file each time.
    func connectionParameters(_ attachment: Attachment, of row: ServerRow) throws(Problem)
        -> ConnectionParameters
    {
        let stored = try DurableFiles.readIfPresent(paths.sourcePassword(row.id, attachment.passwordNumber))
        return attachment.connection(password: stored.map { String(decoding: $0, as: UTF8.self) }, as: "pitr")
    }

    /// What whoever receives the WAL of an attached server goes by, as it is now.
    func receiverSettings(_ id: String) throws -> ReceiverSettings {
        let (row, attachment) = try attachedRow(id)
        let settings = try receiverSettings(row, attachment)
        // Where the password was changed meanwhile, its file may have gone before it was read.
        let (nowRow, now) = try attachedRow(id)
        return now == attachment ? settings : try receiverSettings(nowRow, now)
    }

    private func attachedRow(_ id: String) throws -> (ServerRow, Attachment) {
        guard let row = try catalog.read({ try ServerRow.fetchOne($0, key: id) }),
            let attachment = row.origin.attachment
        else { throw Problem(.resourceNotFound, "server \(id) is not attached any more") }
        return (row, attachment)
    }

    private func receiverSettings(
        _ row: ServerRow, _ attachment: Attachment
    ) throws(Problem) -> ReceiverSettings {
        var connection = try connectionParameters(attachment, of: row)
        // Of all sessions the stream alone is one that commits may wait for.
        if let name = attachment.synchronousName { connection.applicationName = name }
        var settings = ReceiverSettings(
            connection: connection, slot: try attachment.receiverSlot(),
            walLimit: attachment.walLimit ?? Attachment.defaultWALLimit)
        settings.isSynchronous = attachment.synchronousName != nil
        return settings
    }

    /// The cluster of an attached server, as far as it can be read: by the stream, else what was received.
    func receivedCluster(_ row: ServerRow, _ attachment: Attachment) -> SourceCluster {
        let folder = receiverFolder(row)
        return SourceCluster(received: folder) { [self] () throws(Problem) in
            var parameters = try connectionParameters(attachment, of: row)
            // What was received counts where nobody answers; that is no reason to wait long.
            parameters.connectTimeoutSeconds = 3
            return parameters
        }
    }

    /// How an attached server stands; nil for one of ours.
    func attachedState(_ row: ServerRow) -> AttachedState? {
        guard let attachment = row.origin.attachment else { return nil }
        let status = receiverFolder(row).status()
        let now = clock.now()
        let isReceiving = isReceived(row)
        let phase: AttachedState.Phase =
            switch status?.phase {
            case _ where !isReceiving: .notReceiving
            case .streaming: .streaming
            case .waiting: .waiting
            case .connecting, .ended, nil: .connecting
            }
        var state = AttachedState(attachment: attachment, phase: phase)
        state.since = isReceiving ? status?.since : status?.updated
        (state.durable, state.sourceEnd, state.gap) = (status?.durable, status?.sourceEnd, status?.gap)
        state.problem = isReceiving ? status?.problem : nil
        if phase == .streaming, let status, let silent = Self.silence(of: status, at: now) {
            (state.phase, state.since, state.problem) = (.waiting, status.updated, silent)
        }
        (state.primary, state.synchronousNames) = (status?.source?.address, status?.source?.synchronousNames)
        (state.synchronousNamesAt, state.seenAt) = (status?.source?.at, now)
        state.slot = SlotState(attachment, status, isWatched: isReceiving)
        state.rpoSeconds = status?.confirmedHere.map {
            max(0, Double(now.microseconds - $0.microseconds) / 1_000_000)
        }
        return state
    }

    /// Who receives says twice a second how it stands, unless it is stopped, or its disk does not answer.
    private static func silence(of status: ReceiverStatus, at now: PostgresTimestamp) -> String? {
        let seconds = (now.microseconds - status.updated.microseconds) / 1_000_000
        return seconds < secondsOfSilence
            ? nil : "the process that receives has said nothing for \(seconds) seconds"
    }

    private static let secondsOfSilence: Int64 = 5

    /// Whether some process receives the WAL of an attached server at this moment.
    func isReceived(_ row: ServerRow) -> Bool {
        (try? DirectoryLock.isHeld(paths.receiverLock(row.id))) ?? true
    }
}
