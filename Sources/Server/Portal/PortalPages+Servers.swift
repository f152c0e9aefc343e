import AzureAPI
import ControlPlane
import Platform
import Portal
import ServiceModel

/// Servers: all that the visitor may see.
extension PortalPages {
    func servers() throws -> APIResponse {
        let page = try serversPage()
        return try exported(page.rows, as: "servers") ?? .page(page)
    }

    private func serversPage() throws -> ServersPage {
        var page = ServersPage()
        page.frame = try visit.frame(.servers)
        page.frame.refreshSeconds = page.frame.openOperations > 0 ? 5 : 60
        page.frame.samePitr = ["pitr list"]
        page.frame.sameAz = ["az postgres flexible-server list -o table"]
        page.mayCreate = visit.identity.role.allows(.createServer)
        page.search = visit.request.query["search"] ?? ""
        let all = try controlPlane.listServers(resourceGroup: nil).filter {
            visit.identity.scope.covers(group: $0.resourceGroup)
        }
        page.total = all.count
        if page.search.isEmpty { page.family = try family(all) }
        let wanted = page.search.lowercased()
        page.servers = all.map(line).filter { line in
            wanted.isEmpty
                || ([line.name, line.group, line.state] + line.tags).contains {
                    $0.lowercased().contains(wanted)
                }
        }
        return page
    }

    private func line(_ server: ServerDetails) -> ServerLine {
        var line = ServerLine()
        line.name = server.name
        line.group = server.resourceGroup
        line.state = server.state.rawValue
        line.version = server.postgresVersion.isEmpty ? server.version : server.postgresVersion
        line.tier = "\(server.tier), \(server.skuName)"
        line.window = PortalWords.window(server)
        line.tags = Self.tags(server)
        line.storage = "\(server.storageSizeGiB) GiB"
        if let origin = server.restoredFrom {
            line.origin = [origin.sourceServer, origin.restoreTimeUTC.map(PortalWords.time)]
                .compactMap { $0 }.joined(separator: ", ")
        }
        if let expiry = server.expiry {
            line.expiry =
                expiry.isOver
                ? "its time is over"
                : "is deleted in \(ExpiryState.words(seconds: expiry.secondsLeft))"
        }
        return line
    }

    /// As they were given, `key=value`.
    static func tags(_ server: ServerDetails) -> [String] {
        server.tags.sorted { $0.key < $1.key }.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
    }
}
