import Catalog
import GRDB
import Holdings
import Instance
import Platform
import PostgresFormat
import Repository
import ServiceModel

/// In what servers of our own, attached ones and opened backups differ.
///
/// Each is a switch without a default: another origin is asked for in every one.
extension ControlPlane {
    // MARK: What may be asked of it

    /// Of a server, ours or an attached one. An opened backup is refused, with the reason.
    func requireServer(_ row: ServerRow) throws(Problem) {
        switch row.origin {
        case .own, .attached: return
        case .opened(let folder): throw Self.noServer(row, folder)
        }
    }

    /// Of a server that is run here. An attached one and an opened backup are refused, with the reason.
    func requireOwn(_ row: ServerRow) throws(Problem) {
        switch row.origin {
        case .own: return
        case .opened(let folder): throw Self.noServer(row, folder)
        case .attached:
            throw Problem(
                .operationNotSupported,
                "server '\(row.name)' is attached: it is not run by pitr, which only reads from it",
                hint:
                    "Do that where it runs. A copy of it, made with 'pitr restore', is a server of pitr's own."
            )
        }
    }

    private static func noServer(_ row: ServerRow, _ folder: OpenedFolder) -> Problem {
        Problem(
            .operationNotSupported,
            "'\(row.name)' is an opened backup: no server is behind it, only what lay in '\(folder.base)'",
            hint: "A copy of it, made with 'pitr restore', is a server of pitr's own.")
    }

    // MARK: How it stands

    /// The state of a server that is complete, as far as what is behind it tells.
    func liveState(_ row: ServerRow) -> ServerState {
        switch row.origin {
        case .opened: return .stopped
        case .attached: return attachedState(row)?.phase == .streaming ? .ready : .inaccessible
        case .own:
            // Without the programs of its version none can be started, and one that should not run is just
            // stopped.
            guard let instance = try? instance(row) else { return row.shouldRun ? .inaccessible : .stopped }
            if case .running = instance.status() { return .ready }
            return row.shouldRun ? .inaccessible : .stopped
        }
    }

    /// What `doctor` says of it.
    func serverFindings(_ row: ServerRow) throws -> [DoctorFinding] {
        switch row.origin {
        case .own: try ownFindings(row)
        case .attached: attachedFindings(row) + [repositoryFinding(row)].compactMap { $0 }
        case .opened(let folder): openedFindings(row, folder) + [repositoryFinding(row)].compactMap { $0 }
        }
    }

    // MARK: What is taken of it

    /// Where WAL is that is not archived yet; nil where there is none.
    func cluster(_ row: ServerRow) -> SourceCluster? {
        switch row.origin {
        case .opened: nil
        case .attached(let attachment): receivedCluster(row, attachment)
        case .own:
            SourceCluster(dataDirectory: instancePaths(row).data) { [self] in
                if case .running? = (try? instance(row))?.status() { true } else { false }
            } parameters: { [self] () throws(Problem) in
                try instance(row).connectionParameters()
            }
        }
    }

    /// Takes a base backup, in the way in which that can be done.
    ///
    /// - Parameter isFast: a source that is not ours writes its checkpoint at once, as ours always do.
    func capture(_ row: ServerRow, name: String?, onDemand: Bool, isFast: Bool) throws -> BackupDescriptor {
        switch row.origin {
        case .own: try captureOwn(row, name: name, onDemand: onDemand)
        case .attached(let attachment):
            try streamBackup(row, attachment, name: name, onDemand: onDemand, isFast: isFast)
        case .opened(let folder): throw Self.noServer(row, folder)
        }
    }

    /// Whether its backups go when their time is over. What was opened was old already, and stays until
    /// somebody deletes it.
    func expires(_ row: ServerRow) -> Bool {
        switch row.origin {
        case .own, .attached: true
        case .opened: false
        }
    }

    // MARK: How it ends

    /// Ends what is behind a server that is being deleted, and keeps what it still has to give.
    ///
    /// - Returns: the statements that are left to be run on a source, where its slot could not be dropped.
    func endSource(of row: ServerRow, purge: Bool) throws -> [String] {
        switch row.origin {
        case .opened: break
        case .attached(let attachment): return try endAttachment(row, attachment)
        case .own:
            if purge { try instanceToEnd(row).stop(.fast) } else { try archiveTail(row) }
            try keepConnections(of: row)
        }
        return []
    }

    /// Ends what the making of a server left behind that was cut short.
    ///
    /// - Returns: the statement that drops a slot which had to be left on a source.
    func endMaking(of row: ServerRow) throws -> String? {
        switch row.origin {
        case .opened: break
        case .attached(let attachment): return dropSlot(row, attachment)
        case .own: try endProcesses(row)
        }
        return nil
    }
}
