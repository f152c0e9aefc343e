import Catalog
import GRDB
import Instance
import Platform
public import ServiceModel

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

    /// A backup may run meanwhile: a copy's first one does, while people want to be let in. The server is
    /// looked up again: whoever had it before may have closed or deleted it.
    private func changingAccess<Value>(
        _ server: ServerReference, for accepted: AcceptedWork?,
        _ body: (ServerRow, AccessRules) throws -> Value
    ) throws -> Value {
        let found = try findComplete(server, for: accepted)
        try requireOwn(found)
        let lock = try lockServer(found, .shared)
        defer { lock.release() }
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let turn = try DirectoryLock.wait(paths.accessLock(row.id))
        defer { turn.release() }
        try Self.requirePublic(row)
        return try body(row, try AccessRules(isPublic: true, row, self))
    }

    /// Makes a rule, or replaces the one of that name, as az does; in effect when it returns.
    public func createFirewallRule(
        _ server: ServerReference, _ rule: FirewallRule, for accepted: AcceptedWork? = nil
    ) throws -> FirewallRule {
        try checkRule(server, rule, for: accepted)
        return try changingAccess(server, for: accepted) { row, before in
            try perform(.writeRule, server: row, properties: ["rule": rule.name], for: accepted) { _ in
                let after = before.with(rule)
                try changeAccess(row, to: after) {
                    try store(after.rules, of: row.id)
                    return row
                } revert: {
                    try store(before.rules, of: row.id)
                }
                return rule
            }
        }
    }

    /// Makes these the rules of a server in the catalog.
    private func store(_ rules: [FirewallRule], of id: String) throws {
        try change(id) { database in
            _ = try FirewallRuleRow.filter(Column("serverID") == id).deleteAll(database)
            for rule in rules {
                try FirewallRuleRow(rule, of: id).insert(database)
            }
        }
    }

    @discardableResult
    func checkRule(
        _ server: ServerReference, _ rule: FirewallRule, for accepted: AcceptedWork? = nil
    ) throws -> ServerRow {
        try Self.validate(rule)
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
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
        agreeIfFree(row)
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

    public func deleteFirewallRule(
        _ server: ServerReference, name: String, for accepted: AcceptedWork? = nil
    ) throws {
        let rule = try showFirewallRule(server, name: name)
        try changingAccess(server, for: accepted) { row, before in
            try perform(.deleteRule, server: row, properties: ["rule": rule.name], for: accepted) { _ in
                let after = before.without(rule.name)
                try changeAccess(row, to: after) {
                    try store(after.rules, of: row.id)
                    return row
                } revert: {
                    try store(before.rules, of: row.id)
                }
            }
        }
    }
}

extension FirewallRuleRow {
    init(_ rule: FirewallRule, of serverID: String) {
        self.init(
            serverID: serverID, name: rule.name, startIPAddress: rule.startIPAddress,
            endIPAddress: rule.endIPAddress)
    }
}
