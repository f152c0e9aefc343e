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
    /// Another one that it may be, for as long as something has to be done as that one.
    public var alsoSuperuser: String?

    static let map = "pitr"

    public init(rules: [Rule], account: String, superuser: String) {
        self.rules = rules
        self.account = account
        self.superuser = superuser
    }

    private var ownRoles: [String] { [superuser] + (alsoSuperuser.map { [$0] } ?? []) }

    /// The text of `pg_hba.conf`.
    public func renderAccess() -> String {
        var text =
            "# Who may log in, from the server's firewall rules. Written by pitr; changes here are lost.\n"
        for role in ownRoles {
            text += "local all \(Self.word(role)) peer map=\(Self.map)\n"
            text += "local replication \(Self.word(role)) peer map=\(Self.map)\n"
        }
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
        for role in ownRoles {
            for name in account == "root" ? ["root"] : [account, "root"] {
                text += "\(Self.map) \(SettingsText.listItem(name)) \(Self.word(role))\n"
            }
        }
        return text
    }

    private static let keywords: Set = ["all", "replication", "sameuser", "samerole", "samegroup"]

    /// A role's name as these files take it: in quotes it is no keyword, no group, no pattern and no file.
    private static func word(_ role: String) -> String {
        let isPlain = role.utf8.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
        return isPlain && !role.isEmpty && !keywords.contains(role) ? role : SettingsText.listItem(role)
    }
}
