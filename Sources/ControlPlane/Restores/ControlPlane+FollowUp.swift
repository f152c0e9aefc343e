import Catalog
import Platform

extension ControlPlane {
    /// What the copy does not inherit, as commands to paste.
    func followUp(source: ServerRow, copy: ServerRow) throws -> [String] {
        var commands: [String] = []
        let group =
            copy.resourceGroup == Identifiers.defaultGroup
            ? "" : "-g \(Command.shellQuoted(copy.resourceGroup)) "
        let own = try firewallRules(copy.id)
        for rule in try firewallRules(source.id) where !own.contains(where: rule.letsIn) {
            commands.append(
                "pitr firewall-rule create \(group)-s \(copy.name) -n \(rule.name) "
                    + "--start-ip-address \(rule.startIPAddress) --end-ip-address \(rule.endIPAddress)")
        }
        if commands.isEmpty, own.isEmpty, copy.publicNetworkAccess {
            commands.append(
                "pitr firewall-rule create \(group)-s \(copy.name) -n local --start-ip-address 127.0.0.1")
        }
        for (name, value) in try userParameters(source.id).sorted(by: { $0.key < $1.key })
        where name != Self.preload {
            commands.append(
                "pitr parameter set \(group)-s \(copy.name) -n \(name) -v \(Command.shellQuoted(value))")
        }
        return commands
    }
}
