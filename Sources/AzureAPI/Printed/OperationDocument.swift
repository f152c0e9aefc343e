import PostgresFormat
public import ServiceModel

/// An operation, as `pitr operation` prints it.
public struct OperationDocument: Codable, Sendable {
    public struct Failure: Codable, Hashable, Sendable {
        public var code: String
        public var message: String
    }

    public struct Progress: Codable, Hashable, Sendable {
        public var bytes: UInt64
        /// Since the step began.
        @OrNull public var bytesPerSecond: UInt64?
        /// What the step does now, such as the segment that is being replayed.
        @OrNull public var remark: String?
        public var step: String
        public var timeUtc: String
        @OrNull public var totalBytes: UInt64?

        init(_ progress: OperationProgress) {
            step = progress.step
            bytes = progress.bytes
            timeUtc = progress.time.description
            bytesPerSecond = progress.bytesPerSecond
            remark = progress.remark
            totalBytes = progress.totalBytes
        }
    }

    public var caller: String
    public var correlationId: String
    @OrNull public var endTime: String?
    @OrNull public var error: Failure?
    public var id: String
    public var kind: String
    /// How what was asked for was understood.
    public var notes: [String]
    /// How far it is; null for one that does not run, or says nothing.
    @OrNull public var progress: Progress?
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
        progress = operation.progress.map(Progress.init)
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
