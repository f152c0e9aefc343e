import PostgresFormat
public import ServiceModel

/// A base backup as az lists it; our own numbers are under `local`.
public struct ServerBackup: Codable, Sendable {
    public struct Local: Codable, Sendable {
        /// What the last check found; null when it was never checked.
        @OrNull public var lastCheck: BackupCheckDocument?
        /// What lay in the data directory and is not in it; nothing that PostgreSQL reads.
        public var passedOver: [String]
        public var startLsn: String
        public var stopLsn: String
        public var storage: String
        public var storedBytes: UInt64
        public var timeline: UInt32
        public var totalBytes: UInt64
    }

    public var backupType: String
    public var completedTime: String
    public var id: String
    public var local: Local
    public var name: String
    public var resourceGroup: String
    public var source: String
    @OrNull public var systemData: String?
    public var type: String

    public init(_ backup: BackupDetails, of server: ServerReference) {
        backupType = backup.backupType
        completedTime = backup.completedTime.wireText
        id = ResourceID.child("backups", backup.name, of: server)
        local = Local(
            passedOver: backup.passedOver, startLsn: backup.startLSN.description,
            stopLsn: backup.stopLSN.description,
            storage: backup.storage,
            storedBytes: backup.storedBytes, timeline: backup.timeline.rawValue, totalBytes: backup.totalBytes
        )
        local.lastCheck = backup.verdict.map(BackupCheckDocument.init)
        name = backup.name
        resourceGroup = server.resourceGroup
        source = backup.source
        type = ResourceID.serverType + "/backups"
    }
}

/// A firewall rule as az prints it.
public struct ServerFirewallRule: Codable, Sendable {
    public var endIpAddress: String
    public var id: String
    public var name: String
    public var resourceGroup: String
    public var startIpAddress: String
    @OrNull public var systemData: String?
    public var type: String

    public init(_ rule: FirewallRule, of server: ServerReference) {
        endIpAddress = rule.endIPAddress
        id = ResourceID.child("firewallRules", rule.name, of: server)
        name = rule.name
        resourceGroup = server.resourceGroup
        startIpAddress = rule.startIPAddress
        type = ResourceID.serverType + "/firewallRules"
    }
}

/// A database as az prints it.
public struct ServerDatabase: Codable, Sendable {
    public var charset: String
    public var collation: String
    public var id: String
    public var name: String
    public var resourceGroup: String
    @OrNull public var systemData: String?
    public var type: String

    public init(_ database: DatabaseDetails, of server: ServerReference) {
        charset = database.charset
        collation = database.collation
        id = ResourceID.child("databases", database.name, of: server)
        name = database.name
        resourceGroup = server.resourceGroup
        type = ResourceID.serverType + "/databases"
    }
}

/// A server parameter as az prints it.
public struct ServerConfiguration: Codable, Sendable {
    public var allowedValues: String
    public var dataType: String
    public var defaultValue: String
    public var description: String
    @OrNull public var documentationLink: String?
    public var id: String
    public var isConfigPendingRestart: Bool
    public var isDynamicConfig: Bool
    public var isReadOnly: Bool
    public var name: String
    public var resourceGroup: String
    public var source: String
    @OrNull public var systemData: String?
    public var type: String
    @OrNull public var unit: String?
    public var value: String

    public init(_ parameter: ParameterDetails, of server: ServerReference) {
        allowedValues = parameter.allowedValues
        dataType = parameter.dataType
        defaultValue = parameter.defaultValue
        description = parameter.description
        id = ResourceID.child("configurations", parameter.name, of: server)
        isConfigPendingRestart = parameter.isConfigPendingRestart
        isDynamicConfig = parameter.isDynamicConfig
        isReadOnly = parameter.isReadOnly
        name = parameter.name
        resourceGroup = server.resourceGroup
        source = parameter.source
        type = ResourceID.serverType + "/configurations"
        value = parameter.value
        unit = parameter.unit
    }
}
