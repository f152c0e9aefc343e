public import ControlPlane
import PostgresFormat

/// A restore in a list of evidence.
public struct EvidenceEntryDocument: Codable, Sendable {
    /// Null while the copy is there.
    @OrNull public var copyDeletedTimeUtc: String?
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
    /// Null where somebody asked for it.
    @OrNull public var copyDeletedBecause: String?
    /// Null while the copy is there.
    @OrNull public var copyDeletedTimeUtc: String?
    public var evidence: RestoreEvidenceDocument
    /// What PostgreSQL logged while it recovered; null where that could not be kept.
    @OrNull public var recoveryLog: String?
    /// Bytes left out at its beginning.
    public var recoveryLogOmittedBytes: Int

    public init(_ kept: KeptEvidence) {
        evidence = RestoreEvidenceDocument(kept.evidence)
        recoveryLogOmittedBytes = kept.recoveryLogOmitted
        copyDeletedBecause = kept.copyDeletedBecause
        copyDeletedTimeUtc = kept.copyDeletedAt?.description
        recoveryLog = kept.recoveryLog
    }
}
