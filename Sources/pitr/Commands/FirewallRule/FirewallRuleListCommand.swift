import ArgumentParser
import AzureAPI
import ControlPlane

struct FirewallRuleListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a server's firewall rules.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions

    func execute(_ session: Session) throws -> Report {
        let rules = try session.controlPlane().listFirewallRules(server.reference)
        return try Report(
            rules.map { ServerFirewallRule($0, of: server.reference) }, ChildViews.ruleColumns,
            rules.map(ChildViews.row))
    }
}
