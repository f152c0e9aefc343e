public import Platform
public import PostgresFormat

/// Who asks for something: the name that the activity log shows.
public struct Caller: Hashable, Sendable {
    public var name: String

    public init(name: String) {
        self.name = name
    }

    /// A person of this machine.
    public init(_ person: Person) {
        name = person.words
    }

    /// Nobody in particular: what the tool does by itself.
    public static let local = Caller(name: "local")
}

/// A change that can be accepted now and carried out later, by another process.
public enum OperationRequest: Codable, Sendable {
    case create(CreateServerRequest)
    case restore(RestoreRequest)
    /// `sourceServer` is the id, the resource id or the name of a deleted server.
    case revive(RestoreRequest)
    case geoRestore(RestoreRequest, location: String)
    case update(ServerReference, UpdateServerRequest)
    case upgrade(UpgradeRequest)
    case delete(ServerReference)
    case start(ServerReference)
    case stop(ServerReference)
    case restart(ServerReference)
    case createBackup(ServerReference, name: String)
    case deleteBackup(ServerReference, name: String)
    case writeRule(ServerReference, name: String, start: String, end: String)
    case deleteRule(ServerReference, name: String)
    /// A nil value sets the parameter back to its default.
    case setParameter(ServerReference, name: String, value: String?)
    case createDatabase(ServerReference, name: String, charset: String?, collation: String?)
    case deleteDatabase(ServerReference, name: String)
    case deleteGroup(String)
    /// Reads all of a server's archived WAL and changes nothing.
    case verifyWAL(ServerReference)
    /// Without steps: these run with the rights of a person who is there.
    case drill(DrillRequest)
    case undo(UndoRequest)
    case compare(CompareRequest)
}

/// An operation that was entered and will be carried out.
public struct AcceptedOperation: Hashable, Sendable {
    public var id: String
    public var correlationID: String
    /// Of the server, or of its group.
    public var location: String
    /// Azure's word for it, such as `UpsertServerManagementOperationV2`.
    public var name: String
    public var acceptedAt: PostgresTimestamp

    public init(
        id: String, correlationID: String, location: String, name: String, acceptedAt: PostgresTimestamp
    ) {
        self.id = id
        self.correlationID = correlationID
        self.location = location
        self.name = name
        self.acceptedAt = acceptedAt
    }
}

/// How far an accepted operation is.
public enum OperationPhase: String, Sendable {
    case queued, running, succeeded, failed, canceled

    public var isOver: Bool { self != .queued && self != .running }
}

/// An operation as it stands.
public struct OperationStatus: Hashable, Sendable {
    public var id: String
    public var correlationID: String
    /// `create`, `restore`, `firewall-rule` and so on.
    public var kind: String
    /// Azure's word for it.
    public var name: String
    public var location: String
    /// What it changes or makes: a server's or a group's id.
    public var resourceID: String
    public var phase: OperationPhase
    public var acceptedAt: PostgresTimestamp
    public var endedAt: PostgresTimestamp?
    public var errorCode: String?
    public var errorMessage: String?
    public var caller: String
    /// How what was asked for was understood.
    public var notes: [String]
    /// Nil of one that does not run, or says nothing.
    public var progress: OperationProgress?

    public init(
        id: String, correlationID: String, kind: String, name: String, location: String,
        resourceID: String, phase: OperationPhase, acceptedAt: PostgresTimestamp,
        endedAt: PostgresTimestamp? = nil, errorCode: String? = nil, errorMessage: String? = nil,
        caller: String, notes: [String], progress: OperationProgress? = nil
    ) {
        self.id = id
        self.correlationID = correlationID
        self.kind = kind
        self.name = name
        self.location = location
        self.resourceID = resourceID
        self.phase = phase
        self.acceptedAt = acceptedAt
        self.endedAt = endedAt
        self.errorCode = errorCode
        self.errorMessage = errorMessage
        self.caller = caller
        self.notes = notes
        self.progress = progress
    }

    /// Where the notes stand among an operation's details, one a line.
    public static let notesKey = "notes"
}
