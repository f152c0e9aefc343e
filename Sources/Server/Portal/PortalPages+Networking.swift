import ControlPlane
import Platform
import Portal
import ServiceModel

/// Networking: the firewall rules.
extension PortalPages {
    func networkingPage(_ server: ServerDetails) throws -> NetworkingPage {
        var page = NetworkingPage()
        page.frame = try visit.frame(server, .networking)
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
}
