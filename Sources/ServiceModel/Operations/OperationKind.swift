/// What an operation is called: in the catalog, in the activity log and in Azure's first answer.
public struct OperationKind: Sendable {
    public let name: String
    /// Below the resource's type.
    public let action: String
    public let title: String
    public let wireName: String
    public var resourceType = ResourceID.serverType

    public var operationName: String { "\(resourceType)/\(action)" }

    public static let create = OperationKind(
        name: "create", action: "write", title: "Create PostgreSQL Server",
        wireName: "UpsertServerManagementOperationV2")
    public static let update = OperationKind(
        name: "update", action: "write", title: "Update PostgreSQL Server",
        wireName: "UpsertServerManagementOperationV2")
    public static let restore = OperationKind(
        name: "restore", action: "write", title: "Restore PostgreSQL Server",
        wireName: "RestoreSnapshotManagementOperation")
    public static let geoRestore = OperationKind(
        name: "geo-restore", action: "write", title: "Geo-Restore PostgreSQL Server",
        wireName: "RestoreSnapshotManagementOperation")
    public static let revive = OperationKind(
        name: "revive", action: "write", title: "Revive Dropped PostgreSQL Server",
        wireName: "RestoreSnapshotManagementOperation")
    public static let delete = OperationKind(
        name: "delete", action: "delete", title: "Delete PostgreSQL Server",
        wireName: "DropServerManagementOperation")
    public static let start = OperationKind(
        name: "start", action: "start/action", title: "Start PostgreSQL Server",
        wireName: "StartServerManagementOperation")
    public static let stop = OperationKind(
        name: "stop", action: "stop/action", title: "Stop PostgreSQL Server",
        wireName: "StopServerManagementOperation")
    public static let restart = OperationKind(
        name: "restart", action: "restart/action", title: "Restart PostgreSQL Server",
        wireName: "RestartServerManagementOperation")
    public static let backup = OperationKind(
        name: "backup", action: "backups/write", title: "Back Up PostgreSQL Server",
        wireName: "SnapshotManagementOperation")
    public static let deleteBackup = OperationKind(
        name: "delete-backup", action: "backups/delete", title: "Delete PostgreSQL Server Backup",
        wireName: "DropSnapshotManagementOperation")
    public static let writeRule = OperationKind(
        name: "firewall-rule", action: "firewallRules/write", title: "Write PostgreSQL Firewall Rule",
        wireName: "UpsertFirewallRulesManagementOperation")
    public static let deleteRule = OperationKind(
        name: "delete-firewall-rule", action: "firewallRules/delete",
        title: "Delete PostgreSQL Firewall Rule", wireName: "DropFirewallRulesManagementOperation")
    public static let parameter = OperationKind(
        name: "parameter", action: "configurations/write", title: "Write PostgreSQL Server Parameter",
        wireName: "UpdateServerParameterManagementOperation")
    public static let createDatabase = OperationKind(
        name: "database", action: "databases/write", title: "Write PostgreSQL Database",
        wireName: "UpsertDatabaseManagementOperation")
    public static let deleteDatabase = OperationKind(
        name: "delete-database", action: "databases/delete", title: "Delete PostgreSQL Database",
        wireName: "DropDatabaseManagementOperation")
    public static let restorePoint = OperationKind(
        name: "restore-point", action: "restorePoints/write", title: "Write Named Restore Point",
        wireName: "RestorePointManagementOperation")
    public static let undo = OperationKind(
        name: "undo", action: "undo/action", title: "Take Back Transaction",
        wireName: "UndoManagementOperation")
    public static let drill = OperationKind(
        name: "drill", action: "drill/action", title: "Rehearse Restore of PostgreSQL Server",
        wireName: "DrillManagementOperation")
    public static let upgrade = OperationKind(
        name: "upgrade", action: "write", title: "Upgrade PostgreSQL Server",
        wireName: "UpsertServerManagementOperationV2")
    public static let compare = OperationKind(
        name: "compare", action: "compare/action", title: "Compare PostgreSQL Servers",
        wireName: "CompareManagementOperation")
    public static let writeGroup = OperationKind(
        name: "group", action: "write", title: "Update resource group", wireName: "UpsertResourceGroup",
        resourceType: "Microsoft.Resources/subscriptions/resourceGroups")
    public static let deleteGroup = OperationKind(
        name: "delete-group", action: "delete", title: "Delete resource group",
        wireName: "DeleteResourceGroup", resourceType: "Microsoft.Resources/subscriptions/resourceGroups")

    /// A line in the activity log; there is nothing to be done.
    public static let expiryWarning = OperationKind(
        name: "expiry-warning", action: "expiry/action", title: "Warn of PostgreSQL Server Expiry",
        wireName: "ExpiryWarningManagementOperation")

    public static let all = [
        create, update, restore, geoRestore, revive, delete, start, stop, restart, backup, deleteBackup,
        writeRule, deleteRule, parameter, createDatabase, deleteDatabase, restorePoint, undo, drill,
        compare, upgrade, writeGroup, deleteGroup,
    ]
}
