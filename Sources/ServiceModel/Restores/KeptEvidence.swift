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
    /// The end of its time, where one was chosen, and what became of that.
    public var expiry: Expiry?
    /// What was exported from the copy, in that order; nil where nothing was.
    public var exports: [ExportManifest]?
    /// Who was in the copy, as it logged; taken when it was deleted, or as it is now. Nil where nothing of it
    /// is kept.
    public var connections: ConnectionEvidence?
    /// Whether the catalog has the copy, and not as a deleted one. Looked at when it is read, and not kept.
    public var isCopyThere = false
    /// The copy's firewall rules by then. Nil as above.
    public var rules: [Rule]?

    /// When the copy was to be deleted by itself.
    public struct Expiry: Codable, Sendable, Hashable {
        public enum Fate: String, Codable, Sendable {
            /// The copy is there, and goes then.
            case pending
            /// The copy is there, and stays while it is held.
            case held
            /// It was deleted for it.
            case carriedOut
            /// It was deleted for something else.
            case deletedOtherwise
        }

        public var time: PostgresTimestamp
        public var chosenAt: PostgresTimestamp
        public var chosenBy: String
        /// Since when the copy is, or was at its end, protected from it.
        public var heldSince: PostgresTimestamp?
        public var fate: Fate

        public init(
            time: PostgresTimestamp, chosenAt: PostgresTimestamp, chosenBy: String,
            heldSince: PostgresTimestamp? = nil, fate: Fate
        ) {
            self.time = time
            self.chosenAt = chosenAt
            self.chosenBy = chosenBy
            self.heldSince = heldSince
            self.fate = fate
        }
    }

    /// An address, or a range, from which logins were possible.
    public struct Rule: Codable, Sendable, Hashable {
        public var name: String
        public var start: String
        public var end: String

        public init(name: String, start: String, end: String) {
            self.name = name
            self.start = start
            self.end = end
        }
    }

    enum CodingKeys: String, CodingKey {
        case evidence, recoveryLog, recoveryLogOmitted, copyDeletedAt, copyDeletedBecause, connections, rules
        case expiry, exports
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
        ResourceID.reference(evidence.newServer, defaultGroup: "")?.resourceGroup ?? ""
    }

    private static func lastPart(of id: String) -> String {
        String(id.split(separator: "/").last ?? "")
    }
}
