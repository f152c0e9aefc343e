public import Planning
import PostgresFormat
public import ServiceModel

/// A named point in a server's log.
public struct RestorePointDocument: Codable, Sendable {
    public var lsn: String
    public var name: String
    public var timeUtc: String

    public init(_ point: NamedPoint) {
        lsn = point.lsn.description
        name = point.name
        timeUtc = point.time.description
    }
}

/// One thing that maintenance, or `start --all`, did or would do.
public struct MaintenanceDocument: Codable, Sendable {
    public var action: String
    public var outcome: String
    public var reason: String
    @OrNull public var server: String?
    public var subject: String

    public init(_ action: MaintenanceAction) {
        self.action = action.action
        outcome = action.outcome.description
        reason = action.reason
        subject = action.subject
        server = action.server
    }
}

/// One finding of `doctor`.
public struct FindingDocument: Codable, Sendable {
    public var level: String
    public var message: String
    @OrNull public var remedy: String?
    public var subject: String

    public init(_ finding: DoctorFinding) {
        level = finding.level.rawValue
        message = finding.message
        subject = finding.subject
        remedy = finding.remedy
    }
}
