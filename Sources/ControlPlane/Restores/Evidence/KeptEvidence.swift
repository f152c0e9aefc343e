public import PostgresFormat

/// What is kept of a restore for as long as nobody deletes it, also when the copy has gone.
public struct KeptEvidence: Codable, Sendable {
    public var evidence: RestoreEvidence
    /// What PostgreSQL logged while it recovered, the newest `largestLog` bytes of it; nil where the log
    /// could not be read.
    public var recoveryLog: String?
    /// Bytes left out at the log's beginning.
    public var recoveryLogOmitted: Int
    /// When the copy was deleted; nil while it is there.
    public var copyDeletedAt: PostgresTimestamp?
    /// Why, where nobody asked for it.
    public var copyDeletedBecause: String?

    /// Who was in the copy, as it logged; taken when it was deleted, or as it is now. Nil where nothing of it
    /// is kept.
    public var connections: ConnectionEvidence?
    /// The copy's firewall rules by then. Nil as above.
    public var rules: [Rule]?

    /// An address, or a range, from which logins were possible.
    public struct Rule: Codable, Sendable, Hashable {
        public var name: String
        public var start: String
        public var end: String
    }

    /// A recovery logs some lines for every segment: this is enough for tens of thousands.
    public static let largestLog = 10 << 20

    public init(_ evidence: RestoreEvidence) {
        self.evidence = evidence
        recoveryLogOmitted = 0
    }

    /// The copy's name.
    public var copyName: String { Self.lastPart(of: evidence.newServer) }
    public var sourceName: String { Self.lastPart(of: evidence.sourceServer) }
    /// The copy's resource group.
    public var resourceGroup: String {
        Identifiers.reference(evidence.newServer, defaultGroup: "")?.resourceGroup ?? ""
    }

    private static func lastPart(of id: String) -> String {
        String(id.split(separator: "/").last ?? "")
    }
}
