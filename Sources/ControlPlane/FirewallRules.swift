import Catalog
import GRDB
import Instance
import Platform

extension ControlPlane {
    static var invalidAddress: Problem {
        Problem(
            .invalidParameterValue,
            "Invalid IP address. Provide an IPv4 address, for example 12.12.12.12.")
    }

    static func validate(_ rule: FirewallRule) throws(Problem) {
        guard rule.name.wholeMatch(of: /[a-zA-Z0-9][-_a-zA-Z0-9]{0,79}/) != nil, !rule.name.hasSuffix("-")
        else {
            throw Problem(
                .invalidParameterValue, "'\(rule.name)' is not a firewall rule name",
                hint:
                    "Use up to 80 letters, digits, '-' and '_'; begin with a letter or digit, end without '-'."
            )
        }
        guard let start = IPv4Address(rule.startIPAddress), let end = IPv4Address(rule.endIPAddress) else {
            throw invalidAddress
        }
        guard start <= end else {
            throw Problem(
                .invalidParameterValue, "The end IP address is smaller than the start IP address.")
        }
    }

    private static func requirePublic(_ row: ServerRow) throws(Problem) {
        guard row.publicNetworkAccess else {
            throw Problem(
                .operationNotSupported,
                "Firewall rule operations are not supported for a server without public access enabled.",
                hint: "Enable it with 'pitr update --public-access Enabled'.")
        }
    }

    func firewallRules(_ id: String) throws -> [FirewallRule] {
        try catalog.read {
            try FirewallRuleRow.filter(Column("serverID") == id).order(Column("name")).fetchAll($0)
        }.map {
            FirewallRule(name: $0.name, startIPAddress: $0.startIPAddress, endIPAddress: $0.endIPAddress)
        }
    }

    /// Writes pg_hba.conf from the catalog and has a running server read it.
    func applyAccess(_ row: ServerRow) throws {
        let instance = try instance(row.id)
        try instance.writeAccess(hba: try access(row).renderAccess())
        if case .running = instance.status() { try instance.reload() }
    }

    /// A backup may run meanwhile: a copy's first one does, while people want to be let in.
    private func changingAccess<Value>(_ row: ServerRow, _ body: () throws -> Value) throws -> Value {
        let lock = try lockServer(row, .shared)
        defer { lock.release() }
        let turn = try DirectoryLock.wait(paths.accessLock(row.id))
        defer { turn.release() }
        return try body()
    }

    /// Makes a rule, or replaces the one of that name, as az does; in effect when it returns.
    public func createFirewallRule(_ server: ServerReference, _ rule: FirewallRule) throws -> FirewallRule {
        let row = try checkRule(server, rule)
        return try changingAccess(row) {
            try perform(.writeRule, server: row, properties: ["rule": rule.name]) { _ in
                let record = FirewallRuleRow(
                    serverID: row.id, name: rule.name, startIPAddress: rule.startIPAddress,
                    endIPAddress: rule.endIPAddress)
                try change(row.id) { try record.save($0) }
                try applyAccess(row)
                return rule
            }
        }
    }

    @discardableResult
    func checkRule(_ server: ServerReference, _ rule: FirewallRule) throws -> ServerRow {
        try Self.validate(rule)
        let row = try findComplete(server)
        try Self.requirePublic(row)
        return row
    }

    public func updateFirewallRule(
        _ server: ServerReference, name: String, start: String?, end: String?
    ) throws -> FirewallRule {
        var rule = try showFirewallRule(server, name: name)
        rule.startIPAddress = start ?? rule.startIPAddress
        rule.endIPAddress = end ?? rule.endIPAddress
        return try createFirewallRule(server, rule)
    }

    public func listFirewallRules(_ server: ServerReference) throws -> [FirewallRule] {
        let row = try find(server)
        try Self.requirePublic(row)
        return try firewallRules(row.id)
    }

    public func showFirewallRule(_ server: ServerReference, name: String) throws -> FirewallRule {
        let rules = try listFirewallRules(server)
        guard let rule = rules.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw Problem(
                .resourceNotFound, "The firewall rule '\(name)' of server '\(server.name)' was not found.",
                hint: "List them with 'pitr firewall-rule list -s \(server.name)'.")
        }
        return rule
    }

    public func deleteFirewallRule(_ server: ServerReference, name: String) throws {
        let rule = try showFirewallRule(server, name: name)
        let row = try findComplete(server)
        try changingAccess(row) {
            try perform(.deleteRule, server: row, properties: ["rule": rule.name]) { _ in
                try change(row.id) {
                    _ = try FirewallRuleRow.filter(Column("serverID") == row.id)
                        .filter(Column("name") == rule.name).deleteAll($0)
                }
                try applyAccess(row)
            }
        }
    }
}
