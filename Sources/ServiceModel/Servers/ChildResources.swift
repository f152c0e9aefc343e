public import Platform
public import PostgresFormat

/// A resource group.
public struct GroupDetails: Sendable, Hashable {
    public var name: String
    public var location: String
    public var tags: [String: String]

    public init(name: String, location: String, tags: [String: String]) {
        self.name = name
        self.location = location
        self.tags = tags
    }
}

/// A base backup as Azure lists it, with our own numbers beside.
public struct BackupDetails: Sendable, Hashable {
    public var name: String
    /// `Full` or `Customer On-Demand`.
    public var backupType: String
    /// `Automatic` or `Customer Initiated`.
    public var source: String
    public var completedTime: PostgresTimestamp
    public var startLSN: LSN
    public var stopLSN: LSN
    public var timeline: TimelineID
    public var totalBytes: UInt64
    public var storedBytes: UInt64
    /// `plain` or `zstd`.
    public var storage: String
    /// What lay in the data directory and is not in it, in words; nothing that PostgreSQL reads.
    public var passedOver: [String] = []
    /// What its last check found; nil when it was never checked.
    public var verdict: BackupVerdict?

    public init(
        name: String, backupType: String, source: String, completedTime: PostgresTimestamp, startLSN: LSN,
        stopLSN: LSN, timeline: TimelineID, totalBytes: UInt64, storedBytes: UInt64, storage: String
    ) {
        self.name = name
        self.backupType = backupType
        self.source = source
        self.completedTime = completedTime
        self.startLSN = startLSN
        self.stopLSN = stopLSN
        self.timeline = timeline
        self.totalBytes = totalBytes
        self.storedBytes = storedBytes
        self.storage = storage
    }
}

/// A firewall rule: an inclusive range of IPv4 addresses.
public struct FirewallRule: Sendable, Hashable {
    public var name: String
    public var startIPAddress: String
    public var endIPAddress: String

    public init(name: String, startIPAddress: String, endIPAddress: String) {
        self.name = name
        self.startIPAddress = startIPAddress
        self.endIPAddress = endIPAddress
    }
}

/// A database of a server.
public struct DatabaseDetails: Sendable, Hashable {
    public var name: String
    public var charset: String
    public var collation: String

    public init(name: String, charset: String, collation: String) {
        self.name = name
        self.charset = charset
        self.collation = collation
    }
}

/// A server parameter as an Azure configuration item.
public struct ParameterDetails: Sendable, Hashable {
    public var name: String
    public var value: String
    public var defaultValue: String
    /// `Boolean`, `Integer`, `Numeric`, `Enumeration`, `String` or `Set`.
    public var dataType: String
    public var allowedValues: String
    /// `system-default` or `user-override`.
    public var source: String
    public var isDynamicConfig: Bool
    public var isReadOnly: Bool
    public var isConfigPendingRestart: Bool
    public var unit: String?
    public var description: String

    public init(
        name: String, value: String, defaultValue: String, dataType: String, allowedValues: String,
        source: String,
        isDynamicConfig: Bool, isReadOnly: Bool, isConfigPendingRestart: Bool, unit: String?,
        description: String
    ) {
        self.name = name
        self.value = value
        self.defaultValue = defaultValue
        self.dataType = dataType
        self.allowedValues = allowedValues
        self.source = source
        self.isDynamicConfig = isDynamicConfig
        self.isReadOnly = isReadOnly
        self.isConfigPendingRestart = isConfigPendingRestart
        self.unit = unit
        self.description = description
    }
}

/// How far an operation had come when a line of the activity log was written.
public enum ActivityStatus: String, Codable, Sendable, Hashable {
    /// It waits for its turn.
    case accepted = "Accepted"
    case started = "Started"
    case succeeded = "Succeeded"
    case failed = "Failed"

    public init(failure: Problem?) { self = failure == nil ? .succeeded : .failed }
}

/// One phase of an operation, as the activity log keeps it.
public struct ActivityEvent: Codable, Sendable, Hashable {
    public var eventID: String
    public var correlationID: String
    public var operationID: String
    public var time: PostgresTimestamp
    /// `Microsoft.DBforPostgreSQL/flexibleServers/write` and its siblings.
    public var operationName: String
    /// `Create Server` in words.
    public var operationTitle: String
    public var status: ActivityStatus
    public var resourceGroup: String
    public var resourceID: String
    public var caller: String
    /// A failure's code and message.
    public var errorCode: String?
    public var statusMessage: String?
    /// Free facts: source server, restore time, new server id.
    public var properties: [String: String]

    public init(
        eventID: String, correlationID: String, operationID: String, time: PostgresTimestamp,
        operationName: String, operationTitle: String, status: ActivityStatus, resourceGroup: String,
        resourceID: String,
        caller: String, errorCode: String?, statusMessage: String?, properties: [String: String]
    ) {
        self.eventID = eventID
        self.correlationID = correlationID
        self.operationID = operationID
        self.time = time
        self.operationName = operationName
        self.operationTitle = operationTitle
        self.status = status
        self.resourceGroup = resourceGroup
        self.resourceID = resourceID
        self.caller = caller
        self.errorCode = errorCode
        self.statusMessage = statusMessage
        self.properties = properties
    }
}

/// One thing that `maintain` did or, with a dry run, would do.
public struct MaintenanceAction: Sendable, Hashable {
    public var server: String?
    /// `backup`, `expire-backup`, `expire-wal`, `purge-deleted`, `end-operation`, `remove-leftover`, `adopt`,
    /// `configure`, `check-clock`, `warn-expiry`, `expire-server`, `drill`, `end-drill`.
    public var action: String
    public var subject: String
    public var reason: String
    public var outcome: Outcome

    public enum Outcome: Hashable, Sendable, CustomStringConvertible {
        case done
        /// By a dry run.
        case planned
        /// Due, and deleted later.
        case marked
        case waits
        case accepted
        /// Something else had to go first; the next maintenance sees it again.
        case passedOver
        case runsAlready
        case failed(String)

        public var description: String {
            switch self {
            case .done: "done"
            case .planned: "planned"
            case .marked: "marked"
            case .waits: "waits"
            case .accepted: "accepted"
            case .passedOver: "passed over"
            case .runsAlready: "runs already"
            case .failed(let message): "failed: \(message)"
            }
        }

        public var isFailure: Bool { if case .failed = self { true } else { false } }
    }

    public init(server: String?, action: String, subject: String, reason: String, outcome: Outcome) {
        self.server = server
        self.action = action
        self.subject = subject
        self.reason = reason
        self.outcome = outcome
    }
}

/// One finding of `doctor`.
public struct DoctorFinding: Sendable, Hashable {
    public enum Level: String, Sendable {
        case ok, warning, problem
    }

    public var level: Level
    public var subject: String
    public var message: String
    /// What to do, for anything but `ok`.
    public var remedy: String?

    public init(level: Level, subject: String, message: String, remedy: String?) {
        self.level = level
        self.subject = subject
        self.message = message
        self.remedy = remedy
    }
}

/// A SKU as `list-skus` shows it.
public struct SKUDetails: Sendable, Hashable {
    public var tier: String
    public var name: String
    public var vCores: Int
    public var memoryMiBPerVCore: Int
    public var maxIops: Int

    public init(tier: String, name: String, vCores: Int, memoryMiBPerVCore: Int, maxIops: Int) {
        self.tier = tier
        self.name = name
        self.vCores = vCores
        self.memoryMiBPerVCore = memoryMiBPerVCore
        self.maxIops = maxIops
    }
}
