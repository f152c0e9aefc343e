import Catalog
import Instance
import Platform
import PostgresClient
import ServiceModel

/// Whom a copy lets in from the start.
extension ControlPlane {
    /// Whether the copy can be what the request says; tells its firewall rules.
    func checkCopy(_ request: RestoreRequest, source: ServerRow) throws -> [FirewallRule] {
        _ = try restoredSize(request, source: source)
        return try firstRules(of: request, source: source)
    }

    /// The firewall rules that a restore asks for. Throws before anything is made, also for a password that
    /// would not do.
    func firstRules(of request: RestoreRequest, source: ServerRow) throws(Problem) -> [FirewallRule] {
        if let password = request.adminPassword { try AdminRole.checkPassword(password) }
        guard !request.allowedAddresses.isEmpty else { return [] }
        guard source.publicNetworkAccess else {
            throw Problem(
                .operationNotSupported,
                "Firewall rule operations are not supported for a server without public access enabled.",
                detail: "the copy takes that over from '\(source.name)'",
                hint: "Restore without --allow, then enable it with 'pitr update --public-access Enabled'.")
        }
        var rules: [FirewallRule] = []
        for text in request.allowedAddresses {
            let rule = try FirewallRule(allowing: text)
            if !rules.contains(rule) { rules.append(rule) }
        }
        return rules
    }

    /// Has a copy start without letting anybody in: until it has its new password the old one, which others
    /// may know, is good for nothing.
    func keepClosed(_ instance: PostgresInstance) throws(Problem) {
        try instance.write(
            RenderedConfiguration(
                access: HostBasedAccess(
                    rules: [], account: account.name, superuser: instance.paths.superuser)))
    }

    /// Gives the admin of a running copy a new password, then lets in whom the catalog says.
    func letIn(_ password: String, _ instance: PostgresInstance, _ row: ServerRow) throws {
        let connection = try instance.connect()
        try AdminRole.setPassword(row.administratorLogin, password: password, on: connection)
        connection.close()
        try putInForce(RenderedConfiguration(access: try access(row)), on: row, as: "password")
    }
}

extension FirewallRule {
    /// A rule for an address, or a range `a-b`, that is named after it: `allow_10-0-0-1_10-0-0-9`.
    init(allowing text: String) throws(Problem) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard ends.count <= 2, let start = IPv4Address(ends[0]), let end = IPv4Address(ends[ends.count - 1])
        else {
            throw Problem(
                .invalidParameterValue, "'\(text)' is neither an IPv4 address nor a range of them",
                hint: "Write 127.0.0.1, or a range such as 10.0.0.1-10.0.0.9.")
        }
        let name = (start == end ? [start] : [start, end]).map { address in
            String(address.description.map { $0 == "." ? "-" : $0 })
        }
        self.init(
            name: "allow_" + name.joined(separator: "_"), startIPAddress: start.description,
            endIPAddress: end.description)
        try ControlPlane.validate(self)
    }

    /// `127.0.0.1`, or `10.0.0.1-10.0.0.9`.
    var addresses: String {
        startIPAddress == endIPAddress ? startIPAddress : "\(startIPAddress)-\(endIPAddress)"
    }

    func letsIn(thoseOf other: FirewallRule) -> Bool {
        (startIPAddress, endIPAddress) == (other.startIPAddress, other.endIPAddress)
    }
}
