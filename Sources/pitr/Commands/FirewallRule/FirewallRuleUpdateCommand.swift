import ArgumentParser
import AzureAPI
import ControlPlane

struct FirewallRuleUpdateCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change a firewall rule's range.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the rule.", completion: Completions.firewallRules) var name:
        String
    @OptionGroup var addresses: AddressOptions

    func execute(_ session: Session) throws -> Report {
        let rule = try session.controlPlane().updateFirewallRule(
            server.reference, name: name, start: addresses.startIpAddress, end: addresses.endIpAddress)
        return try Report(
            ServerFirewallRule(rule, of: server.reference), ChildViews.ruleColumns, [ChildViews.row(rule)])
    }
}
