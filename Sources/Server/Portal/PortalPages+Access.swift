import ControlPlane
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Access: who may sign in.
extension PortalPages {
    func access() throws -> APIResponse { try answer(accessPage(), "identities") }

    private func accessPage() throws -> ListPage {
        var page = ListPage(.access, columns: ["Name", "Role", "Scope", "Since (UTC)", "Client id", ""])
        page.frame = try visit.frame(.access)
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
