/// What an operation is called: in the catalog, in the activity log and in Azure's first answer.
public enum OperationKind: String, Codable, Sendable, CaseIterable {
    case create
    case update
    case restore
    case geoRestore = "geo-restore"
    case revive
    case delete
    case start
    case stop
    case restart
    case backup
    case deleteBackup = "delete-backup"
    case writeRule = "firewall-rule"
    case deleteRule = "delete-firewall-rule"
    case parameter
    case createDatabase = "database"
    case deleteDatabase = "delete-database"
    case restorePoint = "restore-point"
    case verifyWAL = "verify-wal"
    case undo
    case drill
    case compare
    case upgrade
    case writeGroup = "group"
    case deleteGroup = "delete-group"
    /// A line in the activity log; there is nothing to be done.
    case expiryWarning = "expiry-warning"

    private typealias Line = (action: String, title: String, wireName: String)

    private var line: Line {
        switch self {
        case .create: ("write", "Create PostgreSQL Server", "UpsertServerManagementOperationV2")
        case .update: ("write", "Update PostgreSQL Server", "UpsertServerManagementOperationV2")
        case .restore: ("write", "Restore PostgreSQL Server", "RestoreSnapshotManagementOperation")
        case .geoRestore: ("write", "Geo-Restore PostgreSQL Server", "RestoreSnapshotManagementOperation")
        case .revive: ("write", "Revive Dropped PostgreSQL Server", "RestoreSnapshotManagementOperation")
        case .delete: ("delete", "Delete PostgreSQL Server", "DropServerManagementOperation")
        case .start: ("start/action", "Start PostgreSQL Server", "StartServerManagementOperation")
        case .stop: ("stop/action", "Stop PostgreSQL Server", "StopServerManagementOperation")
        case .restart: ("restart/action", "Restart PostgreSQL Server", "RestartServerManagementOperation")
        case .backup: ("backups/write", "Back Up PostgreSQL Server", "SnapshotManagementOperation")
        case .deleteBackup:
            ("backups/delete", "Delete PostgreSQL Server Backup", "DropSnapshotManagementOperation")
        case .writeRule:
            (
                "firewallRules/write", "Write PostgreSQL Firewall Rule",
                "UpsertFirewallRulesManagementOperation"
            )
        case .deleteRule:
            (
                "firewallRules/delete", "Delete PostgreSQL Firewall Rule",
                "DropFirewallRulesManagementOperation"
            )
        case .parameter:
            (
                "configurations/write", "Write PostgreSQL Server Parameter",
                "UpdateServerParameterManagementOperation"
            )
        case .createDatabase:
            ("databases/write", "Write PostgreSQL Database", "UpsertDatabaseManagementOperation")
        case .deleteDatabase:
            ("databases/delete", "Delete PostgreSQL Database", "DropDatabaseManagementOperation")
        case .restorePoint:
            ("restorePoints/write", "Write Named Restore Point", "RestorePointManagementOperation")
        case .verifyWAL:
            (
                "walVerification/action", "Verify WAL Archive of PostgreSQL Server",
                "WalVerificationManagementOperation"
            )
        case .undo: ("undo/action", "Take Back Transaction", "UndoManagementOperation")
        case .drill: ("drill/action", "Rehearse Restore of PostgreSQL Server", "DrillManagementOperation")
        case .compare: ("compare/action", "Compare PostgreSQL Servers", "CompareManagementOperation")
        case .upgrade: ("write", "Upgrade PostgreSQL Server", "UpsertServerManagementOperationV2")
        case .writeGroup: ("write", "Update resource group", "UpsertResourceGroup")
        case .deleteGroup: ("delete", "Delete resource group", "DeleteResourceGroup")
        case .expiryWarning:
            ("expiry/action", "Warn of PostgreSQL Server Expiry", "ExpiryWarningManagementOperation")
        }
    }

    public var name: String { rawValue }
    /// Below the resource's type.
    public var action: String { line.action }
    public var title: String { line.title }
    public var wireName: String { line.wireName }
    public var operationName: String { "\(resourceType)/\(action)" }

    public var resourceType: String {
        switch self {
        case .writeGroup, .deleteGroup: "Microsoft.Resources/subscriptions/resourceGroups"
        default: ResourceID.serverType
        }
    }
}
