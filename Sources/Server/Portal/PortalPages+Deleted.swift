import ControlPlane
import Foundation
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Deleted servers: what can be brought back.
extension PortalPages {
    func deletedServers() throws -> APIResponse { try answer(deletedPage(), "deleted-servers") }

    private func deletedPage() throws -> ListPage {
        var page = ListPage(
            .deleted,
            columns: [
                "Name", "Resource group", "Deleted (UTC)", "Backups are kept", "Latest restore point", "",
            ])
        page.frame = try visit.frame(.deleted)
        page.listTitle = "Deleted servers"
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
            if visit.may(.deleteServer, server.resourceGroup) {
                actions.append(
                    ListPage.Action("Purge", server.name, .deleted, query: "?purge=\(server.id)"))
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
        } else if let id = visit.request.query["purge"] ?? form["purge"],
            let server = servers.first(where: { $0.id == id }),
            visit.may(.deleteServer, server.resourceGroup)
        {
            page.form = ListPage.Form(
                "Purge \(server.name)",
                [
                    ListPage.Form.Field(
                        "Type the server's name", "name", form["name"] ?? "",
                        hint: "Its backups and its WAL are removed now, and it cannot come back.")
                ], hidden: [("purge", server.id)], button: "Purge for good")
            page.form?.isDangerous = true
        }
        return page
    }

    /// How long it can still come back.
    func kept(_ server: ServerDetails) -> String {
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

    /// What is sent from that page.
    func changeDeleted() throws -> APIResponse {
        try form["purge"] == nil ? revive() : purge()
    }

    private func deletedServer(_ id: String?) throws -> ServerDetails {
        guard
            let server = try controlPlane.listDeletedServers(resourceGroup: nil).first(where: {
                $0.id == id && visit.identity.scope.covers(group: $0.resourceGroup)
            })
        else { throw Problem(.resourceNotFound, "there is no such deleted server") }
        return server
    }

    private func purge() throws -> APIResponse {
        do {
            let server = try deletedServer(form["purge"])
            try visit.require(.deleteServer, server.resourceGroup)
            guard (form["name"] ?? "").trimmingCharacters(in: .whitespaces) == server.name else {
                throw Problem(
                    .invalidParameterValue, "that is not the server's name",
                    hint: "Type '\(server.name)' where its backups are to be removed for good.")
            }
            try controlPlane.purgeDeletedServer(id: server.id, caller: visit.caller)
            return .seeOther(.deleted)
        } catch {
            return try refused(error) { try deletedPage() }
        }
    }

    private func revive() throws -> APIResponse {
        do {
            let server = try deletedServer(form["id"])
            try visit.require(.restoreServer, server.resourceGroup)
            var request = RestoreRequest(resourceGroup: server.resourceGroup, sourceServer: server.id)
            request.name = (form["name"] ?? "").trimmingCharacters(in: .whitespaces).lowercased()
            return try visit.accept(form) { .revive(request) }
        } catch {
            return try refused(error) { try deletedPage() }
        }
    }
}
