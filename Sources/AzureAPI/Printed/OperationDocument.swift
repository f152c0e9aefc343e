public import ControlPlane
import PostgresFormat

/// An operation, as `pitr operation` prints it.
public struct OperationDocument: Codable, Sendable {
    public struct Failure: Codable, Hashable, Sendable {
        public var code: String
        public var message: String
    }

    public var caller: String
    public var correlationId: String
    @OrNull public var endTime: String?
    @OrNull public var error: Failure?
    public var id: String
    public var kind: String
    /// How what was asked for was understood.
    public var notes: [String]
    public var resourceId: String
    public var startTime: String
    /// `Queued`, or a word of Azure's: `InProgress`, `Succeeded`, `Failed`, `Canceled`.
    public var status: String

    public init(_ operation: OperationStatus) {
        caller = operation.caller
        correlationId = operation.correlationID
        id = operation.id
        kind = operation.kind
        notes = operation.notes
        resourceId = operation.resourceID
        startTime = operation.acceptedAt.description
        status =
            switch operation.phase {
            case .queued: "Queued"
            case .running: "InProgress"
            case .succeeded: "Succeeded"
            case .failed: "Failed"
            case .canceled: "Canceled"
            }
        endTime = operation.endedAt?.description
        error = operation.errorCode.map { Failure(code: $0, message: operation.errorMessage ?? "") }
    }
}
