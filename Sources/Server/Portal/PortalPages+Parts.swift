import ControlPlane
import Notation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// What a server has: firewall rules and backups.
extension PortalPages {
    // MARK: Networking

    func networkingPage(_ server: ServerDetails) throws -> NetworkingPage {
        var page = NetworkingPage()
        page.frame = try visit.frame("\(server.name) | Networking", server, .networking)
        page.group = server.resourceGroup
        page.name = server.name
        page.rules = try controlPlane.listFirewallRules(Self.reference(server)).map {
            NetworkingPage.Rule($0.name, $0.startIPAddress, $0.endIPAddress)
        }
        page.maySave = visit.may(.writeFirewallRule, server.resourceGroup)
        page.mayDelete = visit.may(.deleteFirewallRule, server.resourceGroup)
        page.client = visit.request.peer.isLoopback ? "127.0.0.1" : ""
        page.once = MachineSecret.fresh()
        let place = "-g \(Shell.word(server.resourceGroup))"
        page.frame.samePitr = ["pitr firewall-rule list \(place) -s \(Shell.word(server.name))"]
        page.frame.sameAz = [
            "az postgres flexible-server firewall-rule list \(place) -n \(Shell.word(server.name)) -o table"
        ]
        return page
    }

    func saveRule(_ server: ServerDetails) throws -> APIResponse {
        let isDeletion = form["do"] == "delete"
        try visit.require(isDeletion ? .deleteFirewallRule : .writeFirewallRule, server.resourceGroup)
        let name = form["rule"] ?? ""
        let start = (form["start"] ?? "").filter { !$0.isWhitespace }
        let typedEnd = (form["end"] ?? "").filter { !$0.isWhitespace }
        let reference = Self.reference(server)
        do {
            return try visit.accept(form) {
                isDeletion
                    ? .deleteRule(reference, name: name)
                    : .writeRule(
                        reference, name: name, start: start, end: typedEnd.isEmpty ? start : typedEnd)
            }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500 else { throw problem }
            var page = try networkingPage(server)
            page.frame.notice = Frame.Notice(problem)
            page.typed = NetworkingPage.Rule(name, start, typedEnd)
            return .page(page, status: problem.code.httpStatus)
        }
    }

    // MARK: Backup and restore

    func backupsPage(_ server: ServerDetails) throws -> BackupsPage {
        var page = BackupsPage()
        page.frame = try visit.frame("\(server.name) | Backup and restore", server, .backups)
        page.group = server.resourceGroup
        page.name = server.name
        page.filter = BackupsPage.Filter(rawValue: visit.request.query["type"] ?? "") ?? .all
        page.retentionDays = server.backupRetentionDays
        page.mayBackUp = visit.may(.createBackup, server.resourceGroup) && server.state == .ready
        page.mayDelete = visit.may(.deleteBackup, server.resourceGroup)
        page.mayRestore = visit.may(.restoreServer, server.resourceGroup)
        page.once = MachineSecret.fresh()
        let all = try controlPlane.listBackups(Self.reference(server)).reversed().map(Self.backup)
        page.backups = all.filter {
            page.filter == .all || $0.isOnDemand == (page.filter == .onDemand)
        }
        let time = controlPlane.now.wholeSeconds.filter { $0.isASCII && $0.isNumber }
        page.suggestion = "\(server.name.prefix(40))-\(time)"
        let place = "-g \(Shell.word(server.resourceGroup)) -s \(Shell.word(server.name))"
        page.frame.samePitr = ["pitr backup list \(place)"]
        page.frame.sameAz = ["az postgres flexible-server backup list \(place) -o table"]
        return page
    }

    private static func backup(_ details: BackupDetails) -> BackupsPage.Backup {
        var backup = BackupsPage.Backup()
        backup.name = details.name
        backup.type = details.backupType
        backup.completed = PortalWords.time(details.completedTime)
        backup.size = ByteText.of(details.totalBytes)
        backup.isOnDemand = details.source == "Customer Initiated"
        return backup
    }

    func saveBackup(_ server: ServerDetails) throws -> APIResponse {
        let isDeletion = form["do"] == "delete"
        try visit.require(isDeletion ? .deleteBackup : .createBackup, server.resourceGroup)
        let name = form["backup"] ?? ""
        let reference = Self.reference(server)
        do {
            return try visit.accept(form) {
                isDeletion ? .deleteBackup(reference, name: name) : .createBackup(reference, name: name)
            }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500 else { throw problem }
            var page = try backupsPage(server)
            page.frame.notice = Frame.Notice(problem)
            page.suggestion = isDeletion ? page.suggestion : name
            return .page(page, status: problem.code.httpStatus)
        }
    }
}
