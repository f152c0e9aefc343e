import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

struct FirewallRuleCreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Let a range of addresses log in.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the rule; made up when missing.") var name: String?
    @OptionGroup var addresses: AddressOptions

    func execute(_ session: Session) throws -> Report {
        let rule = try session.controlPlane().createFirewallRule(
            server.reference, rule(at: SystemWallClock().now()))
        return try Report(
            ServerFirewallRule(rule, of: server.reference), ChildViews.ruleColumns, [ChildViews.row(rule)])
    }

    func rule(at time: PostgresTimestamp) -> FirewallRule {
        let now = time.components
        let generated =
            "FirewallIPAddress_\(now.year)-\(now.month)-\(now.day)_\(now.hour)-\(now.minute)-\(now.second)"
        return FirewallRule(
            name: name ?? generated, startIPAddress: addresses.startIpAddress ?? addresses.endIpAddress ?? "",
            endIPAddress: addresses.endIpAddress ?? addresses.startIpAddress ?? "")
    }
}
