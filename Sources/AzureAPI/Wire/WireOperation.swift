public import PostgresFormat

/// The body of a `202 Accepted`: what was begun.
public struct WireAccepted: Encodable, Sendable {
    /// Azure's word, for example `UpsertServerManagementOperationV2`.
    public var operation: String
    public var startTime: String

    public init(operation: String, at time: PostgresTimestamp) {
        self.operation = operation
        startTime = time.description
    }
}

/// How an accepted operation is doing, as its `Azure-AsyncOperation` URL tells.
public struct WireOperation: Encodable, Sendable {
    /// Clients go on asking as long as it is in progress; waiting for its turn is that, too.
    public enum Status: String, Encodable, Sendable {
        case inProgress = "InProgress"
        case succeeded = "Succeeded"
        case failed = "Failed"
        case canceled = "Canceled"
    }

    public struct Properties: Encodable, Sendable {
        public var notes: [String]
    }

    public var id: String
    public var name: String
    public var status: Status
    public var startTime: String
    public var endTime: String?
    public var error: CloudErrorDocument.Body?
    public var properties: Properties?

    /// - Parameter path: the operation's own path, which is its `id` on the wire.
    public init(
        path: ResourcePath, name: String, status: Status, startedAt: PostgresTimestamp,
        endedAt: PostgresTimestamp? = nil, error: CloudErrorDocument.Body? = nil, notes: [String] = []
    ) {
        id = path.text
        self.name = name
        self.status = status
        startTime = startedAt.description
        endTime = endedAt?.description
        self.error = error
        if !notes.isEmpty { properties = Properties(notes: notes) }
    }
}
