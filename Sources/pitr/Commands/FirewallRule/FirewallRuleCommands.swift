import ArgumentParser

struct FirewallRuleCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "firewall-rule", abstract: "Firewall rules: from where logins over TCP are possible.",
        subcommands: [
            FirewallRuleCreateCommand.self, FirewallRuleListCommand.self, FirewallRuleShowCommand.self,
            FirewallRuleUpdateCommand.self, FirewallRuleDeleteCommand.self,
        ])
}
