import ControlPlane
import Platform
import Portal
import ServiceModel

/// Notifications: the operations of late.
extension PortalPages {
    func notifications() throws -> APIResponse {
        let page = try notificationsPage()
        return try exported(page.rows, as: "notifications") ?? .page(page)
    }

    private func notificationsPage() throws -> NotificationsPage {
        var page = NotificationsPage()
        page.frame = try visit.frame(.notifications)
        page.frame.refreshSeconds = page.frame.openOperations > 0 ? 3 : nil
        page.frame.samePitr = ["pitr operation list --all"]
        page.lines = try visit.operations(all: true).map { status in
            let resource = PortalVisit.resource(status)
            var line = NotificationsPage.Line()
            line.id = status.id
            line.words = PortalWords.operation(
                status.kind, on: resource?.server ?? resource?.group ?? "this machine")
            line.resource = resource?.group ?? ""
            line.phase = PortalWords.phase(status.phase)
            line.time = PortalWords.time(status.acceptedAt)
            line.caller = status.caller
            return line
        }
        return page
    }
}
