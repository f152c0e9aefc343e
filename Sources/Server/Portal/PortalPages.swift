import AzureAPI
import ControlPlane
import Notation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Fills the pages for one visit, and takes their forms.
struct PortalPages: Sendable {
    let visit: PortalVisit
    /// The fields that were sent.
    let form: [String: String]

    init(_ visit: PortalVisit, _ form: [String: String]) {
        self.visit = visit
        self.form = form
    }

    var controlPlane: ControlPlane { visit.controlPlane }

    /// Nil for signing out, which ends the visit.
    func answer(_ place: Place, isPost: Bool) throws -> APIResponse? {
        switch place {
        case .signOut where isPost: return nil
        case .servers where !isPost:
            let page = try servers()
            return try exported(page.rows, as: "servers") ?? .page(page)
        case .create: return try isPost ? create() : .page(createPage())
        case .notifications where !isPost:
            let page = try notifications()
            return try exported(page.rows, as: "notifications") ?? .page(page)
        case .deployment(let id): return try isPost ? cancel(id) : .page(deployment(id))
        case .deleted: return try isPost ? revive() : deletedServers()
        case .activity where !isPost: return try activityLog()
        case .access: return try isPost ? changeAccess() : access()
        case .events where !isPost:
            var response = APIResponse(
                status: 200, headers: [("Content-Type", "text/event-stream; charset=utf-8")])
            response.follows = LiveFollower(
                scope: visit.identity.scope, session: visit.session.token)
            return response
        case .server(let group, let name, let part):
            return try answer(visit.server(group, name), part, isPost: isPost)
        default: throw APICall.notAllowed(visit.request.method, allowed: [isPost ? "GET" : "POST"])
        }
    }

    private func answer(_ server: ServerDetails, _ part: Place.ServerPlace, isPost: Bool) throws
        -> APIResponse
    {
        switch part {
        case .overview where !isPost: try .page(overview(server))
        case .timeline where !isPost: try timeline(server)
        case .connect where !isPost: try .page(connect(server))
        case .compute: try isPost ? saveCompute(server) : .page(computePage(server))
        case .restore: try isPost ? restore(server) : .page(restorePage(server))
        case .networking: try isPost ? saveRule(server) : .page(networkingPage(server))
        case .explain where !isPost: try .page(explain(server))
        case .drills: try isPost ? runDrill(server) : drills(server)
        case .parameters: try isPost ? saveParameter(server) : parameters(server)
        case .databases: try isPost ? saveDatabase(server) : databases(server)
        case .backups: try isPost ? saveBackup(server) : .page(backupsPage(server))
        case .keep where isPost: try keep(server)
        case .stop, .start, .restart, .delete, .password:
            try isPost ? confirmed(server, part) : .page(confirmPage(server, part))
        default: throw APICall.notAllowed(visit.request.method, allowed: [isPost ? "GET" : "POST"])
        }
    }

    /// The table alone, where that is asked for; nil where the page is.
    func exported(_ table: Table, as name: String) throws -> APIResponse? {
        var response: APIResponse
        switch visit.request.query["format"] {
        case "csv":
            response = APIResponse(
                status: 200, headers: [("Content-Type", "text/csv; charset=utf-8")],
                body: Array(table.csv.utf8))
        case "json":
            response = try .document(
                table.rows.map { row in
                    Dictionary(zip(table.columns, row), uniquingKeysWith: { first, _ in first })
                })
        default: return nil
        }
        let format = visit.request.query["format"] == "csv" ? "csv" : "json"
        response.headers.append(("Content-Disposition", "attachment; filename=\"\(name).\(format)\""))
        return response
    }

    // MARK: Servers

    private func servers() throws -> ServersPage {
        var page = ServersPage()
        page.frame = try visit.frame("Servers")
        page.frame.refreshSeconds = page.frame.openOperations > 0 ? 5 : 60
        page.frame.samePitr = ["pitr list"]
        page.frame.sameAz = ["az postgres flexible-server list -o table"]
        page.mayCreate = visit.identity.role.allows(.createServer)
        page.search = visit.request.query["search"] ?? ""
        let all = try controlPlane.listServers(resourceGroup: nil).filter {
            visit.identity.scope.covers(group: $0.resourceGroup)
        }
        page.total = all.count
        let wanted = page.search.lowercased()
        page.servers = all.map(line).filter { line in
            wanted.isEmpty
                || ([line.name, line.group, line.state] + line.tags).contains {
                    $0.lowercased().contains(wanted)
                }
        }
        return page
    }

    private func line(_ server: ServerDetails) -> ServerLine {
        var line = ServerLine()
        line.name = server.name
        line.group = server.resourceGroup
        line.state = server.state.rawValue
        line.version = server.postgresVersion.isEmpty ? server.version : server.postgresVersion
        line.tier = "\(server.tier), \(server.skuName)"
        line.window = PortalWords.window(server)
        line.tags = Self.tags(server)
        line.storage = "\(server.storageSizeGiB) GiB"
        if let origin = server.restoredFrom {
            line.origin = [origin.sourceServer, origin.restoreTimeUTC.map(PortalWords.time)]
                .compactMap { $0 }.joined(separator: ", ")
        }
        if let expiry = server.expiry {
            line.expiry =
                expiry.isOver
                ? "its time is over"
                : "is deleted in \(ExpiryState.words(seconds: expiry.secondsLeft))"
        }
        return line
    }

    private static func tags(_ server: ServerDetails) -> [String] {
        server.tags.sorted { $0.key < $1.key }.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
    }

    // MARK: Overview

    private func overview(_ known: ServerDetails) throws -> OverviewPage {
        let reference = ServerReference(resourceGroup: known.resourceGroup, name: known.name)
        let server = try controlPlane.showServer(reference)
        var page = OverviewPage()
        page.frame = try visit.frame(server.name, server, .overview)
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
        page.attached = server.attached.map(Self.facts) ?? []
        page.rules = try controlPlane.listFirewallRules(reference).map {
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
            (
                .restoreServer,
                .init("Restore", .restore, isPossible: server.earliestRestoreDate != nil)
            ), (.stopServer, .init("Stop", .stop, isPossible: isReady)),
            (.startServer, .init("Start", .start, isPossible: server.state == .stopped)),
            (.restartServer, .init("Restart", .restart, isPossible: isReady)),
            (.updateServer, .init("Reset password", .password, isPossible: isReady)),
            (.deleteServer, .init("Delete", .delete)), (.read, .init("Connect", .connect)),
        ]
        let refused: [Place.ServerPlace] = [.stop, .start, .restart, .password, .connect]
        return all.filter { action, tool in
            visit.may(action, server.resourceGroup)
                && (server.attached == nil || !refused.contains(tool.part))
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

    private func connect(_ server: ServerDetails) throws -> ConnectPage {
        var page = ConnectPage()
        page.frame = try visit.frame("\(server.name) | Connect", server, .connect)
        let certificate = controlPlane.account.home + "/ca/ca.crt"
        page.authority = certificate
        let strings = ConnectionStrings(
            host: server.host, port: server.port, database: "postgres", login: server.administratorLogin,
            password: nil, rootCertificate: certificate)
        page.strings = strings.all.sorted { $0.key < $1.key }.map { Fact($0.key, $0.value) }
        page.frame.samePitr = [
            "pitr connect -g \(Shell.word(server.resourceGroup)) -n \(Shell.word(server.name))"
        ]
        page.frame.sameAz = [
            "az postgres flexible-server show-connection-string -s \(Shell.word(server.name))"
        ]
        return page
    }
}
