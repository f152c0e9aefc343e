/// What an identity may do: three of Azure's roles, and one for those who restore.
public enum AccessRole: String, Sendable, CaseIterable {
    case owner = "Owner"
    case contributor = "Contributor"
    case reader = "Reader"
    /// Reads, restores, undoes, compares, verifies, and takes and deletes on-demand backups; nothing else.
    case restoreOperator = "Restore Operator"

    /// Whether the role may do that within its scope.
    public func allows(_ action: AccessAction) -> Bool {
        switch self {
        case .owner, .contributor: true
        case .reader: action == .read || action == .checkName
        case .restoreOperator:
            switch action {
            case .read, .checkName, .restoreServer, .createBackup, .deleteBackup, .verifyWAL, .undo,
                .compare, .readResult, .deleteResult:
                true
            default: false
            }
        }
    }

    /// The role of that name, in whatever case, with or without the blank.
    public init?(text: String) {
        func plain(_ text: String) -> String {
            text.lowercased().filter { $0.isLetter }
        }
        guard let found = Self.allCases.first(where: { plain($0.rawValue) == plain(text) }) else {
            return nil
        }
        self = found
    }
}

/// Where a role holds.
public enum AccessScope: Sendable, Hashable {
    case subscription
    case resourceGroup(String)

    /// The ARM id.
    public var resourceID: String {
        switch self {
        case .subscription: ResourceID.ofSubscription
        case .resourceGroup(let name): ResourceID.group(name)
        }
    }

    /// The one group that lies within; nil for all of them.
    public var group: String? {
        if case .resourceGroup(let name) = self { name } else { nil }
    }

    /// Whether something in that group lies within; nil is what lies in no group.
    public func covers(group: String?) -> Bool {
        switch self {
        case .subscription: true
        case .resourceGroup(let name): group?.lowercased() == name.lowercased()
        }
    }

    /// Reads back what `resourceID` wrote.
    public init?(resourceID: String) {
        switch ResourceID.parse(resourceID) {
        case .subscription: self = .subscription
        case .group(let name): self = .resourceGroup(name)
        case .server, nil: return nil
        }
    }
}

/// What is asked to be done, as far as permission goes.
public enum AccessAction: Sendable, Hashable, CaseIterable {
    case read, checkName
    case writeGroup, deleteGroup
    /// A restore of any kind. To Azure it is the same action as making a server.
    case createServer, restoreServer
    case updateServer, deleteServer, startServer, stopServer, restartServer
    case createBackup, deleteBackup
    /// Changes nothing, and reads as much as there is.
    case verifyWAL
    case writeFirewallRule, deleteFirewallRule
    case writeParameter
    case writeDatabase, deleteDatabase
    /// Neither writes a server; both tell the content of tables, as `readResult` does: a file of a result.
    case undo, compare
    case readResult, deleteResult

    /// Azure's name of the action.
    public var name: String {
        let server = ResourceID.serverType
        return switch self {
        case .read: server + "/read"
        case .checkName: "\(ResourceID.provider)/checkNameAvailability/action"
        case .writeGroup: "Microsoft.Resources/subscriptions/resourceGroups/write"
        case .deleteGroup: "Microsoft.Resources/subscriptions/resourceGroups/delete"
        case .createServer, .restoreServer, .updateServer: server + "/write"
        case .deleteServer: server + "/delete"
        case .startServer: server + "/start/action"
        case .stopServer: server + "/stop/action"
        case .restartServer: server + "/restart/action"
        case .createBackup: server + "/backups/write"
        case .deleteBackup: server + "/backups/delete"
        case .writeFirewallRule: server + "/firewallRules/write"
        case .deleteFirewallRule: server + "/firewallRules/delete"
        case .writeParameter: server + "/configurations/write"
        case .writeDatabase: server + "/databases/write"
        case .deleteDatabase: server + "/databases/delete"
        case .verifyWAL: server + "/walVerification/action"
        case .undo: server + "/undo/action"
        case .compare: server + "/compare/action"
        case .readResult: server + "/results/read"
        case .deleteResult: server + "/results/delete"
        }
    }
}
