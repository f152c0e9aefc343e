import PostgresFormat
import ServiceModel

/// What a call needs to be allowed.
extension APICall {
    /// - Parameter isRestore: whether a server that is put comes from another one's backups.
    func action(isRestore: Bool) -> AccessAction {
        switch self {
        case .checkName: return .checkName
        case .group(_, .put), .group(_, .patch): return .writeGroup
        case .group(_, .delete): return .deleteGroup
        case .server(_, let call): return call.action(isRestore: isRestore)
        default: return .read
        }
    }

    /// The group that it is about; nil where lists and answers are cut to what the identity may see.
    var group: String? {
        switch self {
        case .group(let name, _), .listServers(let name?), .listResources(let name?): name
        case .server(let server, _): server.resourceGroup
        default: nil
        }
    }

    /// Whether the call concerns one group or everything in the subscription at once.
    var isAboutGroup: Bool { group != nil }
}

extension APICall.ServerCall {
    func action(isRestore: Bool) -> AccessAction {
        switch self {
        case .put: isRestore ? .restoreServer : .createServer
        case .patch, .checkUpgrade: .updateServer
        case .delete: .deleteServer
        case .start: .startServer
        case .stop: .stopServer
        case .restart: .restartServer
        case .backup(_, .put): .createBackup
        case .backup(_, .delete): .deleteBackup
        case .rule(_, .put): .writeFirewallRule
        case .rule(_, .delete): .deleteFirewallRule
        case .parameter(_, .put), .parameter(_, .delete): .writeParameter
        case .database(_, .put): .writeDatabase
        case .database(_, .delete): .deleteDatabase
        case .undo: .undo
        case .compare: .compare
        case .verifyWAL: .verifyWAL
        case .resultFile: .readResult
        case .deleteResult: .deleteResult
        case .changeAbsent: .updateServer
        case .show, .capabilities, .listBackups, .listParameters, .listDatabases, .listRules, .listNothing,
            .listResults, .showResult, .showVerification,
            .showAbsent, .backup(_, .show), .parameter(_, .show), .database(_, .show), .rule(_, .show):
            .read
        }
    }
}
