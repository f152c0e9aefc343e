import AzureAPI
import ControlPlane
import Foundation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// What is beside the servers: deleted ones, the activity log, who may sign in.
extension PortalPages {
    /// Each has its JSON of some three KiB in the page.
    private static let mostEvents = 25

    private func answer(_ page: ListPage, _ name: String) throws -> APIResponse {
        try exported(page.table, as: name) ?? .page(page)
    }

    private func searched(_ words: [String]) -> Bool {
        let wanted = (visit.request.query["search"] ?? "").lowercased()
        return wanted.isEmpty || words.contains { $0.lowercased().contains(wanted) }
    }

    // MARK: Deleted servers

    func deletedServers() throws -> APIResponse { try answer(deletedPage(), "deleted-servers") }

    private func deletedPage() throws -> ListPage {
        var page = ListPage(
            .deleted,
            columns: [
                "Name", "Resource group", "Deleted (UTC)", "Backups are kept", "Latest restore point", "",
            ])
        page.frame = try visit.frame("Deleted servers")
        page.frame.samePitr = ["pitr list --deleted"]
        page.once = MachineSecret.fresh()
        page.sentences = [
            "A deleted server comes back as a new one, as it was at its end, as long as its backups are kept."
        ]
        page.searchLabel = "Search by name or group"
        page.search = visit.request.query["search"] ?? ""
        page.emptyTitle = page.search.isEmpty ? "No deleted servers" : "None that fits"
        page.emptyText = "A server that is deleted can be brought back from here for five days."
        let servers = try controlPlane.listDeletedServers(resourceGroup: nil).filter {
            visit.identity.scope.covers(group: $0.resourceGroup) && searched([$0.name, $0.resourceGroup])
        }
        page.rows = servers.sorted { ($1.deletedAt ?? $1.createdAt) < ($0.deletedAt ?? $0.createdAt) }.map {
            server in
            var actions: [ListPage.Action] = []
            if visit.may(.restoreServer, server.resourceGroup), server.latestRestoreDate != nil {
                actions.append(
                    ListPage.Action("Restore", server.name, .deleted, query: "?id=\(server.id)"))
            }
            return [
                .text(server.name, sub: server.id), .text(server.resourceGroup),
                .exact(server.deletedAt.map(PortalWords.time) ?? ""), .text(kept(server)),
                .exact(server.latestRestoreDate.map(PortalWords.time) ?? "none"), .actions(actions),
            ]
        }
        if let id = visit.request.query["id"] ?? form["id"],
            let server = servers.first(where: { $0.id == id }),
            visit.may(.restoreServer, server.resourceGroup)
        {
            page.form = try revival(of: server)
        }
        return page
    }

    /// How long it can still come back.
    private func kept(_ server: ServerDetails) -> String {
        guard let deleted = server.deletedAt else { return "" }
        let left =
            deleted.advanced(bySeconds: 5 * 86_400).unixMicroseconds - controlPlane.now.unixMicroseconds
        return left <= 0 ? "are removed now" : ExpiryState.words(seconds: left / 1_000_000) + " more"
    }

    private func revival(of server: ServerDetails) throws -> ListPage.Form {
        ListPage.Form(
            "Restore \(server.name)",
            [
                ListPage.Form.Field(
                    "Server name", "name", try form["name"] ?? freeName(server.name),
                    hint: "The name it had, where no other server has it now.")
            ], hidden: [("id", server.id)], button: "Restore")
    }

    func revive() throws -> APIResponse {
        do {
            guard
                let server = try controlPlane.listDeletedServers(resourceGroup: nil).first(where: {
                    $0.id == form["id"] && visit.identity.scope.covers(group: $0.resourceGroup)
                })
            else { throw Problem(.resourceNotFound, "there is no such deleted server") }
            try visit.require(.restoreServer, server.resourceGroup)
            var request = RestoreRequest(resourceGroup: server.resourceGroup, sourceServer: server.id)
            request.name = (form["name"] ?? "").trimmingCharacters(in: .whitespaces).lowercased()
            return try visit.accept(form) { .revive(request) }
        } catch {
            return try refused(error) { try deletedPage() }
        }
    }

    /// The page again with what was refused, and what was typed.
    func refused(_ error: any Error, _ again: () throws -> ListPage) throws -> APIResponse {
        let problem = ControlPlane.problem(from: error)
        guard problem.code.httpStatus < 500, problem.code != .authorizationFailed else { throw problem }
        var page = try again()
        page.frame.notice = Frame.Notice(problem)
        return .page(page, status: problem.code.httpStatus)
    }

    // MARK: Activity log

    func activityLog() throws -> APIResponse {
        let query = visit.request.query
        var page = ListPage(
            .activity, columns: ["Operation", "Status", "Time (UTC)", "Event initiated by", "JSON"])
        page.frame = try visit.frame("Activity log")
        page.frame.samePitr = ["pitr activity-log list"]
        page.frame.sameAz = ["az monitor activity-log list --max-events \(Self.mostEvents)"]
        let status = query["status"] ?? ""
        page.filters = ["", "Started", "Succeeded", "Failed"].map { word in
            ListPage.Filter(
                word.isEmpty ? "All" : word, query: word.isEmpty ? "" : "status=\(word)",
                isCurrent: word == status)
        }
        if !status.isEmpty { page.kept = [("status", status)] }
        if let end = PortalWords.instant(query["to"]) {
            page.part = [("to", String(end.unixMicroseconds))]
        }
        page.searchLabel = "Search by operation, resource, caller or correlation"
        page.search = query["search"] ?? ""
        page.emptyTitle =
            page.search.isEmpty && status.isEmpty ? "Nothing has happened yet" : "None that fits"
        // One more than is shown tells whether there are older ones; those that do not fit are passed over.
        let events = try controlPlane.activityLog(
            resourceGroup: visit.identity.scope.group, resourceID: nil, correlationID: nil, caller: nil,
            status: status.isEmpty ? nil : status, from: nil, to: PortalWords.instant(query["to"]),
            limit: 2000
        ).filter {
            searched(
                [
                    $0.operationTitle, $0.operationName, $0.resourceID, $0.caller, $0.correlationID,
                    $0.status.rawValue,
                ])
        }
        page.rows = try events.prefix(Self.mostEvents).map(row)
        if events.count > Self.mostEvents {
            let last = events[Self.mostEvents].time.unixMicroseconds
            page.older = (page.kept + [("search", page.search), ("to", String(last))]).map {
                "\($0.0)=\($0.1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
            }.joined(separator: "&")
            page.more = "\(Self.mostEvents) of \(events.count)\(events.count == 2000 ? " or more" : ""). "
        }
        return try answer(page, "activity-log")
    }

    private func row(_ event: ActivityEvent) throws -> [ListPage.Cell] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(ActivityLogEvent(event)), as: UTF8.self)
        let resource = event.resourceID.split(separator: "/").suffix(1).joined()
        let failure = event.statusMessage.map { ": \($0)" } ?? ""
        return [
            .text(event.operationTitle, sub: resource + failure), .state(event.status.rawValue),
            .exact(PortalWords.time(event.time)), .text(event.caller), .hidden("JSON", exact: text),
        ]
    }

    // MARK: Access

    func access() throws -> APIResponse { try answer(accessPage(), "identities") }

    private func accessPage() throws -> ListPage {
        var page = ListPage(.access, columns: ["Name", "Role", "Scope", "Since (UTC)", "Client id", ""])
        page.frame = try visit.frame("Access")
        page.frame.samePitr = [
            "pitr identity list", "pitr identity create -n <name> --role Reader",
        ]
        page.once = MachineSecret.fresh()
        let isOwner = mayManage
        page.sentences = [
            "Who may sign in with a secret, and what they may do. A secret is shown once, to whoever makes the "
                + "identity in a terminal; it is on no page."
        ]
        page.rows = try controlPlane.listIdentities().filter { isOwner || $0.id == visit.identity.id }.map {
            identity in
            let isOther = !identity.isLocal && identity.id != visit.identity.id
            let actions: [ListPage.Action] =
                isOwner && isOther
                ? [
                    ListPage.Action(
                        "Delete", identity.name, .access,
                        fields: [("do", "delete"), ("name", identity.name)], confirmation: "Delete for good")
                ] : []
            return [
                .text(identity.name), .text(identity.role.rawValue),
                .text(identity.scope.group.map { "Resource group \($0)" } ?? "Everything"),
                .exact(identity.createdAt.map(PortalWords.time) ?? "from the beginning"),
                .exact(identity.clientID), .actions(actions),
            ]
        }
        return page
    }

    /// Identities are everybody's: whoever sees one group only may not end them.
    private var mayManage: Bool {
        visit.identity.role == .owner && visit.identity.scope == .subscription
    }

    func changeAccess() throws -> APIResponse {
        guard mayManage else {
            throw Problem(
                .authorizationFailed, "only an Owner of everything changes who may sign in")
        }
        do {
            guard form["name"] != visit.identity.name else {
                throw Problem(
                    .operationNotSupported, "an identity does not delete itself",
                    hint: "Sign in as another one, or use 'pitr identity delete'.")
            }
            try controlPlane.deleteIdentity(form["name"] ?? "")
            return .seeOther(.access)
        } catch {
            return try refused(error) { try accessPage() }
        }
    }
}
