/// Who may come in from where: a server's `pg_hba.conf` and `pg_ident.conf`.
///
/// TCP logins need TLS, a password (SCRAM) and a rule for their address; without one PostgreSQL refuses with
/// its own “no pg_hba.conf entry” message. The private socket lets in nobody but the tool's superuser.
public struct HostBasedAccess: Sendable, Hashable {
    /// A range of addresses, both ends included.
    public struct Rule: Sendable, Hashable {
        public var name: String
        public var start: IPv4Address
        public var end: IPv4Address

        public init(name: String, start: IPv4Address, end: IPv4Address) {
            self.name = name
            self.start = start
            self.end = end
        }
    }

    public var rules: [Rule]
    /// The operating system's account that the tool runs as.
    public var account: String
    /// Who that account is in the server.
    public var superuser: String

    static let map = "pitr"

    public init(rules: [Rule], account: String, superuser: String) {
        self.rules = rules
        self.account = account
        self.superuser = superuser
    }

    /// The text of `pg_hba.conf`.
    public func renderAccess() -> String {
        var text = """
            # Who may log in, from the server's firewall rules. Written by pitr; changes here are lost.
            local all \(superuser) peer map=\(Self.map)
            local replication \(superuser) peer map=\(Self.map)

            """
        for rule in rules {
            text += "# \(String(rule.name.map { $0.isNewline ? " " : $0 })): \(rule.start) - \(rule.end)\n"
            for block in CIDRBlock.cover(from: rule.start, through: rule.end) {
                text += "hostssl all all \(block) scram-sha-256\n"
            }
        }
        return text
    }

    /// The text of `pg_ident.conf`: the service account and root are the tool's superuser.
    public func renderIdent() -> String {
        var text = "# Who is the tool's own superuser. Written by pitr; changes here are lost.\n"
        for name in account == "root" ? ["root"] : [account, "root"] {
            text += "\(Self.map) \(SettingsText.listItem(name)) \(superuser)\n"
        }
        return text
    }
}
