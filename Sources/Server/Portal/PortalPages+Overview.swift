import ControlPlane
import Notation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Overview: what a server is, and what can be done with it.
extension PortalPages {
    func overview(_ server: ServerDetails) throws -> OverviewPage {
        var page = OverviewPage()
        page.frame = try visit.frame(server, .overview)
        page.frame.samePitr = [
            "pitr show -g \(Shell.word(server.resourceGroup)) -n \(Shell.word(server.name))"
        ]
        page.frame.sameAz = [
            "az postgres flexible-server show -g \(Shell.word(server.resourceGroup)) "
                + "-n \(Shell.word(server.name))"
        ]
        page.group = server.resourceGroup
        page.name = server.name
        page.state = server.state.rawValue
        page.window = PortalWords.window(server)
        page.tools = tools(server)
        page.essentials = Self.essentials(server)
        page.health = Self.health(server)
        page.origin = Self.origin(server)
        page.mayCompare = server.isOwn && server.state == .ready
        page.attached = server.attached.map(Self.facts) ?? []
        page.opened = server.opened.map { Self.facts($0, needs: server.openedNeeds) } ?? []
        page.rules = try controlPlane.listFirewallRules(Self.reference(server)).map {
            Fact($0.name, "\($0.startIPAddress) to \($0.endIPAddress)", isExact: true)
        }
        let mine = try visit.openOperations().filter {
            PortalVisit.resource($0).map { $0.group == server.resourceGroup && $0.server == server.name }
                ?? false
        }
        page.deployments = mine.map {
            Frame.Link(
                "\(PortalWords.operation($0.kind, on: server.name)) is in progress", .deployment($0.id))
        }
        page.frame.refreshSeconds = mine.isEmpty ? nil : 3
        return page
    }

    /// What the visitor may do, in Azure's order; what the state does not allow is shown and cannot be
    /// pressed.
    private func tools(_ server: ServerDetails) -> [OverviewPage.Tool] {
        let isReady = server.state == .ready
        let all: [(AccessAction, OverviewPage.Tool)] = [
            (.restoreServer, .init(.restore, isPossible: server.earliestRestoreDate != nil)),
            (.stopServer, .init(.stop, isPossible: isReady)),
            (.startServer, .init(.start, isPossible: server.state == .stopped)),
            (.restartServer, .init(.restart, isPossible: isReady)),
            (.updateServer, .init(.password, isPossible: isReady)),
            (.deleteServer, .init(.delete)), (.read, .init(.connect)),
        ]
        return all.filter { action, tool in
            visit.may(action, server.resourceGroup)
                && (server.isOwn || !tool.part.needsOwnServer)
        }.map(\.1)
    }

    private static func essentials(_ server: ServerDetails) -> [Fact] {
        [
            Fact("Resource group", server.resourceGroup), Fact("Status", server.state.rawValue),
            Fact("Location", server.location), Fact("Server name", "\(server.host):\(server.port)"),
            Fact("Administrator login", server.administratorLogin),
            Fact(
                "PostgreSQL version", server.postgresVersion.isEmpty ? server.version : server.postgresVersion
            ),
            Fact("Configuration", PortalWords.compute(server)),
            Fact("Backup retention period (in days)", String(server.backupRetentionDays)),
            Fact("Backup redundancy", server.geoRedundantBackup ? "Geo-Redundant" : "Locally redundant"),
            Fact("Created", PortalWords.time(server.createdAt), isExact: true),
            Fact("Tags", tags(server).joined(separator: ", ")),
        ]
    }

    private static func health(_ server: ServerDetails) -> [Fact] {
        var facts: [Fact] = []
        if let archiver = server.archiver {
            facts.append(
                Fact("Archiver", archiver.isFailing ? "Failing: \(archiver.failureWords)" : "Archives WAL"))
            if let name = archiver.lastArchivedWAL {
                facts.append(Fact("Last archived", name, isExact: true))
            }
        }
        if let usage = server.diskUsage {
            facts.append(
                Fact(
                    "On disk",
                    "\(ByteText.of(usage.data)) data, \(ByteText.of(usage.backups)) backups, "
                        + "\(ByteText.of(usage.wal)) WAL"))
        }
        if let expiry = server.expiry {
            facts.append(
                Fact(
                    "Is deleted",
                    server.heldSince == nil
                        ? "\(PortalWords.time(expiry.time))" : "Kept until it is let go again"))
        }
        return facts
    }

    private static func origin(_ server: ServerDetails) -> [Fact] {
        guard let origin = server.restoredFrom else { return [] }
        return [
            Fact("Source server", origin.sourceServer),
            Fact("Restore point", origin.restoreTimeUTC.map(PortalWords.time) ?? "", isExact: true),
            Fact("LSN", "\(origin.lsn)", isExact: true), Fact("Base backup", origin.backup, isExact: true),
        ]
    }
}
