import PostgresFormat
public import ServiceModel

public typealias WireBackup = WireResource<WireBackupProperties>
public typealias WireConfiguration = WireResource<WireConfigurationProperties>
public typealias WireDatabase = WireResource<WireDatabaseProperties>
public typealias WireFirewallRule = WireResource<WireFirewallRuleProperties>
public typealias WireGroup = WireResource<WireGroupProperties>

extension WireResource {
    /// `kind` is the plural of the path, `firewallRules`.
    fileprivate init(_ kind: String, _ name: String, of server: ServerReference, _ properties: Properties) {
        self.init(
            id: ResourceID.child(kind, name, of: server), name: name,
            type: "\(ResourceID.serverType)/\(kind)", properties: properties)
    }
}

public struct WireBackupProperties: Encodable, Sendable {
    public var backupType: String
    public var source: String
    public var completedTime: String
}

extension WireResource where Properties == WireBackupProperties {
    public init(_ backup: BackupDetails, of server: ServerReference) {
        self.init(
            "backups", backup.name, of: server,
            WireBackupProperties(
                backupType: backup.backupType, source: backup.source,
                completedTime: backup.completedTime.wireText))
    }
}

public struct WireConfigurationProperties: Encodable, Sendable {
    public var value: String
    public var description: String
    public var defaultValue: String
    public var dataType: String
    public var allowedValues: String
    public var source: String
    public var isDynamicConfig: Bool
    public var isReadOnly: Bool
    public var isConfigPendingRestart: Bool
    public var unit: String?
}

extension WireResource where Properties == WireConfigurationProperties {
    public init(_ parameter: ParameterDetails, of server: ServerReference) {
        self.init(
            "configurations", parameter.name, of: server,
            WireConfigurationProperties(
                value: parameter.value, description: parameter.description,
                defaultValue: parameter.defaultValue, dataType: parameter.dataType,
                allowedValues: parameter.allowedValues, source: parameter.source,
                isDynamicConfig: parameter.isDynamicConfig, isReadOnly: parameter.isReadOnly,
                isConfigPendingRestart: parameter.isConfigPendingRestart, unit: parameter.unit))
    }
}

public struct WireDatabaseProperties: Encodable, Sendable {
    public var charset: String
    public var collation: String
}

extension WireResource where Properties == WireDatabaseProperties {
    public init(_ database: DatabaseDetails, of server: ServerReference) {
        self.init(
            "databases", database.name, of: server,
            WireDatabaseProperties(charset: database.charset, collation: database.collation))
    }
}

public struct WireFirewallRuleProperties: Encodable, Sendable {
    public var startIpAddress: String
    public var endIpAddress: String
}

extension WireResource where Properties == WireFirewallRuleProperties {
    public init(_ rule: FirewallRule, of server: ServerReference) {
        self.init(
            "firewallRules", rule.name, of: server,
            WireFirewallRuleProperties(
                startIpAddress: rule.startIPAddress, endIpAddress: rule.endIPAddress))
    }
}

public struct WireGroupProperties: Encodable, Sendable {
    public var provisioningState: String
}

extension WireResource where Properties == WireGroupProperties {
    /// - Parameter state: `Succeeded`, or `Deleting` while the group's servers are being deleted.
    public init(_ group: GroupDetails, state: String = "Succeeded") {
        self.init(
            id: ResourceID.group(group.name), name: group.name, type: ResourceID.groupType,
            properties: WireGroupProperties(provisioningState: state))
        location = group.location
        tags = group.tags.isEmpty ? nil : group.tags
    }
}
