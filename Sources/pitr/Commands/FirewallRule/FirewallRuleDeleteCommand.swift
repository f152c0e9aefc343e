import ArgumentParser
import ControlPlane

struct FirewallRuleDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a firewall rule.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the rule.", completion: Completions.firewallRules) var name:
        String
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the firewall-rule '\(name)' in server '\(server.serverName)'",
            yes: confirmed.yes)
        try session.controlPlane().deleteFirewallRule(server.reference, name: name)
        return .nothing
    }
}
