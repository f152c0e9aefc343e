import Catalog
import Platform
import ServiceModel

extension ControlPlane {
    /// What the copy inherits neither of its source nor of the copy whose place it takes, as commands to
    /// paste.
    func followUp(source: ServerRow, replacing old: Replacement?, copy: ServerRow) throws -> [String] {
        var commands: [String] = []
        let group =
            copy.resourceGroup == Identifiers.defaultGroup
            ? "" : "-g \(Command.shellQuoted(copy.resourceGroup)) "
        let own = try firewallRules(copy.id)
        var others: [FirewallRule] = []
        // Those of the copy that had the name come first: whoever used it was let in by them.
        for rule in try (old?.rules ?? []) + firewallRules(source.id)
        where !(own + others).contains(where: rule.letsIn) {
            var rule = rule
            if others.contains(where: { $0.name.lowercased() == rule.name.lowercased() }) {
                rule.name += "_\(source.name)"
            }
            others.append(rule)
            commands.append(
                "pitr firewall-rule create \(group)-s \(copy.name) -n \(rule.name) "
                    + "--start-ip-address \(rule.startIPAddress) --end-ip-address \(rule.endIPAddress)")
        }
        if commands.isEmpty, own.isEmpty, copy.publicNetworkAccess {
            commands.append(
                "pitr firewall-rule create \(group)-s \(copy.name) -n here --start-ip-address 127.0.0.1")
        }
        var parameters = try userParameters(source.id)
        if let old { parameters.merge(try userParameters(old.row.id)) { _, new in new } }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) where name != Self.preload {
            commands.append(
                "pitr parameter set \(group)-s \(copy.name) -n \(name) -v \(Command.shellQuoted(value))")
        }
        return commands + tagging(of: old, copy: copy, group)
    }

    /// The tags of the copy that had the name, where they are others.
    private func tagging(of old: Replacement?, copy: ServerRow, _ group: String) -> [String] {
        guard let old else { return [] }
        let now = copy.tags
        let lost = old.row.tags.filter { now[$0.key] != $0.value }
        guard !lost.isEmpty else { return [] }
        // All of them: an update replaces what is there.
        let all = now.merging(lost) { _, old in old }.sorted { $0.key < $1.key }
        let words = all.map { Command.shellQuoted("\($0.key)=\($0.value)") }.joined(separator: " ")
        return ["pitr update \(group)-n \(copy.name) --tags \(words)"]
    }
}
