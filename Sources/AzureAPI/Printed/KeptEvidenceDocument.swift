import PostgresFormat
public import ServiceModel

/// A restore in a list of evidence.
public struct EvidenceEntryDocument: Codable, Sendable {
    /// Null while the copy is there, and where nothing tells when it went.
    @OrNull public var copyDeletedTimeUtc: String?
    /// Whether the copy is there.
    public var copyExists: Bool
    public var finishedAtUtc: String
    public var newServer: String
    public var newServerId: String
    public var operationId: String
    /// In words, if it was neither a time nor the latest moment.
    @OrNull public var requestedTarget: String?
    /// As typed.
    @OrNull public var requestedTime: String?
    public var sourceServer: String
    public var sourceServerId: String
    public var totalSeconds: Double

    public init(_ kept: KeptEvidence) {
        let evidence = kept.evidence
        copyExists = kept.isCopyThere
        finishedAtUtc = evidence.finishedAt.description
        newServer = evidence.newServer
        newServerId = evidence.newServerID
        operationId = evidence.operationID
        sourceServer = evidence.sourceServer
        sourceServerId = evidence.sourceServerID
        totalSeconds = evidence.totalSeconds
        copyDeletedTimeUtc = kept.copyDeletedAt?.description
        requestedTarget = evidence.requestedTarget
        requestedTime = evidence.requestedTime
    }
}

/// All that is kept of a restore.
public struct KeptEvidenceDocument: Codable, Sendable {
    /// Who was in the copy, as it logged; the tool's own sessions are left out.
    public struct Connections: Codable, Sendable, Hashable {
        /// Whether the copy was set to log them when this was taken.
        public var isLogged: Bool
        /// The newest lines themselves.
        public var lines: String
        /// Bytes of earlier lines that are not kept.
        public var linesOmittedBytes: Int
        /// Attempts that were turned away.
        public var refused: Int
        public var takenAtUtc: String
        public var visitors: [Visitor]
    }

    /// Sessions of one user in one database from one address.
    public struct Visitor: Codable, Sendable, Hashable {
        public var address: String
        public var database: String
        @OrNull public var firstUtc: String?
        @OrNull public var lastUtc: String?
        public var sessions: Int
        public var user: String
    }

    /// When the copy was to be deleted by itself.
    public struct Expiry: Codable, Sendable, Hashable {
        public var chosenAtUtc: String
        public var chosenBy: String
        public var expiresAtUtc: String
        /// `pending`, `held`, `carriedOut` or `deletedOtherwise`.
        public var fate: String
        @OrNull public var heldSinceUtc: String?

        init(_ expiry: KeptEvidence.Expiry) {
            chosenAtUtc = expiry.chosenAt.description
            chosenBy = expiry.chosenBy
            expiresAtUtc = expiry.time.description
            fate = expiry.fate.rawValue
            heldSinceUtc = expiry.heldSince?.description
        }
    }

    public struct Rule: Codable, Sendable, Hashable {
        public var endIpAddress: String
        public var name: String
        public var startIpAddress: String
    }

    /// Null where the copy was deleted before this was kept.
    @OrNull public var connections: Connections?
    /// Null where somebody asked for it.
    @OrNull public var copyDeletedBecause: String?
    /// Null while the copy is there, and where nothing tells when it went.
    @OrNull public var copyDeletedTimeUtc: String?
    /// Whether the copy is there.
    public var copyExists: Bool
    public var evidence: RestoreEvidenceDocument
    /// Null where the copy was to stay.
    @OrNull public var expiry: Expiry?
    /// What was exported from the copy, in that order.
    public var exports: [ExportDocument]
    /// What PostgreSQL logged while it recovered; null where that could not be kept.
    @OrNull public var recoveryLog: String?
    /// Bytes left out at its beginning.
    public var recoveryLogOmittedBytes: Int
    /// The copy's firewall rules, as they are or were when it was deleted; null as above.
    @OrNull public var rules: [Rule]?

    public init(_ kept: KeptEvidence) {
        evidence = RestoreEvidenceDocument(kept.evidence)
        recoveryLogOmittedBytes = kept.recoveryLogOmitted
        copyExists = kept.isCopyThere
        copyDeletedBecause = kept.copyDeletedBecause
        copyDeletedTimeUtc = kept.copyDeletedAt?.description
        expiry = kept.expiry.map(Expiry.init)
        exports = (kept.exports ?? []).map(ExportDocument.init)
        recoveryLog = kept.recoveryLog
        connections = kept.connections.map(Connections.init)
        rules = kept.rules?.map {
            Rule(endIpAddress: $0.end, name: $0.name, startIpAddress: $0.start)
        }
    }
}

extension KeptEvidenceDocument.Connections {
    init(_ connections: ConnectionEvidence) {
        isLogged = connections.isLogged
        lines = connections.lines
        linesOmittedBytes = connections.omittedBytes
        refused = connections.refused
        takenAtUtc = connections.takenAt.description
        visitors = connections.visitors.map { visitor in
            KeptEvidenceDocument.Visitor(
                address: visitor.address, database: visitor.database,
                firstUtc: OrNull(wrappedValue: visitor.first?.description),
                lastUtc: OrNull(wrappedValue: visitor.last?.description), sessions: visitor.sessions,
                user: visitor.user)
        }
    }
}
