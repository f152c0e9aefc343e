import ArgumentParser
import AzureAPI
import ControlPlane

struct FirewallRuleShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a firewall rule.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the rule.", completion: Completions.firewallRules) var name:
        String

    func execute(_ session: Session) throws -> Report {
        let rule = try session.controlPlane().showFirewallRule(server.reference, name: name)
        return try Report(
            ServerFirewallRule(rule, of: server.reference), ChildViews.ruleColumns, [ChildViews.row(rule)])
    }
}
