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
        let stored = try DurableFiles.readIfPresent(paths.sourcePassword(row.id))
        return ConnectionParameters(
            host: attachment.host, port: attachment.port, user: attachment.user,
            password: stored.map { String(decoding: $0, as: UTF8.self) },
            sslMode: attachment.host.hasPrefix("/") ? nil : attachment.security.rawValue,
            sslRootCertificate: attachment.rootCertificate, applicationName: "pitr")
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

    /// Of a server that is run here. An attached one and an opened backup are refused, with the reason.
    func requireOwn(_ row: ServerRow) throws(Problem) {
        try requireServer(row)
        guard row.attachment != nil else { return }
        throw Problem(
            .operationNotSupported,
            "server '\(row.name)' is attached: it is not run by pitr, which only reads from it",
            hint: "Do that where it runs. A copy of it, made with 'pitr restore', is a server of pitr's own.")
    }

    /// How an attached server stands; nil for one of ours.
    func attachedState(_ row: ServerRow) -> AttachedState? {
        guard let attachment = row.attachment else { return nil }
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
        state.rpoSeconds = status?.confirmedHere.map {
            max(0, Double(now.microseconds - $0.microseconds) / 1_000_000)
        }
        return state
    }

    /// Whether some process receives the WAL of an attached server at this moment.
    func isReceived(_ row: ServerRow) -> Bool {
        guard DurableFiles.status(paths.receiverLock(row.id)) != nil else { return false }
        guard let free = try? DirectoryLock.attempt(paths.receiverLock(row.id)) else { return true }
        free.release()
        return false
    }

    /// What `doctor` says of an attached server.
    func attachedFindings(_ row: ServerRow) -> [DoctorFinding] {
        guard row.phase == .complete, let state = attachedState(row) else { return [] }
        func finding(_ level: DoctorFinding.Level, _ message: String, _ remedy: String?) -> DoctorFinding {
            DoctorFinding(level: level, subject: "server \(row.name)", message: message, remedy: remedy)
        }
        var found: [DoctorFinding] = []
        switch state.phase {
        case .streaming: break
        case .connecting, .waiting:
            found.append(
                finding(
                    .problem, "its WAL is not received" + (state.problem.map { ": \($0)" } ?? ""),
                    "It is tried again by itself. 'pitr attach --check' tells what is missing there."))
        case .notReceiving:
            found.append(
                finding(
                    .problem, "nobody receives its WAL, and nothing new can be restored",
                    "Run 'pitr serve', or 'pitr receive -n \(row.name)'."))
        }
        if case .permanent = state.attachment.slot, state.attachment.slotBound == nil {
            found.append(
                finding(
                    .warning, state.attachment.guarantee,
                    "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf()"))
        }
        if found.isEmpty { found.append(finding(.ok, "attached, \(state.attachment.guarantee)", nil)) }
        return found
    }
}
