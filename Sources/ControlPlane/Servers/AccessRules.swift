import Catalog
import Instance
import Platform
import ServiceModel

/// Whom a server's catalog lets in: its firewall rules, and whether they count at all.
struct AccessRules {
    var isPublic: Bool
    var rules: [FirewallRule]

    /// The rules that a server has in the catalog.
    init(isPublic: Bool, _ row: ServerRow, _ control: ControlPlane) throws {
        self.isPublic = isPublic
        rules = try control.firewallRules(row.id)
    }

    func with(_ rule: FirewallRule) -> AccessRules {
        var changed = without(rule.name)
        changed.rules.append(rule)
        changed.rules.sort { $0.name.lowercased() < $1.name.lowercased() }
        return changed
    }

    func without(_ name: String) -> AccessRules {
        var changed = self
        changed.rules.removeAll { $0.name.lowercased() == name.lowercased() }
        return changed
    }

    /// As PostgreSQL is told; nothing where public access is off.
    func inForce() throws(Problem) -> [HostBasedAccess.Rule] {
        guard isPublic else { return [] }
        return try rules.map { rule throws(Problem) in
            guard let start = IPv4Address(rule.startIPAddress), let end = IPv4Address(rule.endIPAddress)
            else {
                throw Problem(.stateDamaged, "the catalog holds the firewall rule '\(rule.name)' wrongly")
            }
            return HostBasedAccess.Rule(name: rule.name, start: start, end: end)
        }
    }

    /// What both let in, rule by rule: safe to be in force while it is not certain which of the two holds.
    static func common(
        _ before: [HostBasedAccess.Rule], _ after: [HostBasedAccess.Rule]
    ) -> [HostBasedAccess.Rule] {
        before.compactMap { rule in
            guard let other = after.first(where: { $0.name.lowercased() == rule.name.lowercased() }) else {
                return nil
            }
            let (start, end) = (max(rule.start, other.start), min(rule.end, other.end))
            return start <= end ? HostBasedAccess.Rule(name: rule.name, start: start, end: end) : nil
        }
    }
}

extension ControlPlane {
    /// Changes who is let in. What is closed is closed, on the disk and in the running server, before the
    /// catalog says so; what is opened is opened after. Whoever is killed in between leaves a server that
    /// lets in fewer than it says, which the next command puts right.
    ///
    /// - Parameter revert: takes the change out of the catalog where it cannot be put in force.
    @discardableResult
    func changeAccess(
        _ row: ServerRow, to after: AccessRules, commit: () throws -> ServerRow,
        revert: () throws -> Void
    ) throws -> ServerRow {
        let before = try AccessRules(isPublic: row.publicNetworkAccess, row, self).inForce()
        let wanted = try after.inForce()
        let common = AccessRules.common(before, wanted)
        do {
            if common != before { try putInForce(rendered(common, row), on: row, as: "close") }
            RestoreFaults.reached("access: catalog")
            let changed = try commit()
            if common != wanted || common == before {
                do {
                    try putInForce(rendered(wanted, row), on: row, as: "open")
                } catch {
                    try revert()
                    throw error
                }
            }
            return changed
        } catch {
            try? putInForce(rendered(before, row), on: row, as: "revert")
            throw error
        }
    }

    private func rendered(_ rules: [HostBasedAccess.Rule], _ row: ServerRow) -> RenderedConfiguration {
        RenderedConfiguration(
            access: HostBasedAccess(
                rules: rules, account: account.name, superuser: instancePaths(row).superuser))
    }

    /// Whom the catalog lets in.
    func access(_ row: ServerRow) throws -> HostBasedAccess {
        HostBasedAccess(
            rules: try AccessRules(isPublic: row.publicNetworkAccess, row, self).inForce(),
            account: account.name, superuser: instancePaths(row).superuser)
    }
}
