import Catalog
import Instance
import Platform
import PostgresFormat
import ServiceModel

/// Who was in a copy: read from its log while it is there, and taken into its evidence before that goes.
extension ControlPlane {
    /// What a restored server logs of itself unless its user says otherwise.
    static let copySettings = ["log_connections": "on", "log_disconnections": "on"]

    /// Takes what the stopped server logged of connections into its evidence, with the firewall rules that it
    /// had. A delete that is repeated has done that before.
    func keepConnections(of row: ServerRow) throws {
        guard let evidence = row.evidence else { return }
        // Nothing can be added to what cannot be read; 'evidence list' tells of it.
        guard var kept = try? evidenceFolder.read(evidence.operationID), kept.connections == nil else {
            return
        }
        do {
            try tellConnections(of: row, in: &kept)
        } catch let problem as Problem where problem.code == .system {
            // Files that cannot be read must not keep anybody from deleting them.
            return
        }
        do {
            try evidenceFolder.write(kept)
        } catch let problem as Problem where problem.code == .insufficientStorage {
            // A copy may be deleted to make room: then its numbers have to do.
            let lines = kept.connections?.lines.utf8.count ?? 0
            kept.connections?.lines = ""
            kept.connections?.omittedBytes += lines
            try? evidenceFolder.write(kept)
        }
    }

    /// Adds what is known of a copy that is there.
    func tellConnections(of row: ServerRow, in kept: inout KeptEvidence) throws {
        let paths = instancePaths(row)
        var log = ConnectionLog(ownUser: paths.superuser)
        try ServerLog(paths: paths).lines(containing: ConnectionLog.marks) { line in
            try cancellation.check()
            log.add(line)
        }
        let settings = try effectiveParameters(row)
        kept.connections = log.evidence(
            isLogged: Self.copySettings.keys.allSatisfy { Self.isOn(settings[$0]) }, at: clock.now())
        kept.rules = try firewallRules(row.id).map { rule in
            KeptEvidence.Rule(name: rule.name, start: rule.startIPAddress, end: rule.endIPAddress)
        }
    }

    /// From PostgreSQL 18 on `log_connections` is a list of what to log of one.
    private static func isOn(_ value: String?) -> Bool {
        !["off", "false", "no", "0", ""].contains((value ?? "").lowercased())
    }
}
