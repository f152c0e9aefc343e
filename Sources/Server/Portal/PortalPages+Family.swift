import ControlPlane
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// Who was restored from whom, deleted servers that can come back among them.
extension PortalPages {
    /// Empty where no server has to do with another one, and none was deleted.
    func family(_ living: [ServerDetails]) throws -> [FamilyMember] {
        let deleted = try controlPlane.listDeletedServers(resourceGroup: nil).filter {
            visit.identity.scope.covers(group: $0.resourceGroup)
        }
        guard !deleted.isEmpty || living.contains(where: { $0.restoredFrom != nil || !$0.isOwn }) else {
            return []
        }
        return Self.family(living + deleted) { kept($0) }
    }

    /// - Parameter left: how long a deleted one can come back.
    static func family(_ servers: [ServerDetails], left: (ServerDetails) -> String) -> [FamilyMember] {
        let known = Set(servers.map(\.id))
        let byOrigin = Dictionary(
            grouping: servers.sorted { $0.createdAt < $1.createdAt },
            by: { $0.restoredFrom?.sourceServerID ?? "" })
        func member(_ server: ServerDetails) -> FamilyMember {
            var result = FamilyMember(
                server.name, group: server.resourceGroup,
                place: server.state == .dropped
                    ? nil : .server(group: server.resourceGroup, name: server.name, .overview),
                state: server.state == .dropped ? "Deleted" : server.state.rawValue,
                remarks: remarks(server) + (server.state == .dropped ? ["backups: \(left(server))"] : []))
            result.copies = (byOrigin[server.id] ?? []).map(member)
            return result
        }
        var roots = (byOrigin[""] ?? []).map(member)
        // Copies stay when their source has gone for good, or is none of the visitor's business.
        for (origin, copies) in byOrigin where origin != "" && !known.contains(origin) {
            var gone = FamilyMember(
                copies[0].restoredFrom?.sourceServer ?? origin, group: "", place: nil, state: "Not here",
                remarks: [])
            gone.copies = copies.map(member)
            roots.append(gone)
        }
        return roots.sorted { ($0.name, $0.group) < ($1.name, $1.group) }
    }

    private static func remarks(_ server: ServerDetails) -> [String] {
        var remarks: [String] = []
        if let origin = server.restoredFrom {
            let moment = origin.restoreTimeUTC.map { ", as of \(PortalWords.time($0))" } ?? ""
            remarks.append("restored \(PortalWords.time(server.createdAt))\(moment)")
        }
        if server.attached != nil { remarks.append("attached: not run here") }
        if server.opened != nil { remarks.append("opened: a backup that was made elsewhere") }
        if let expiry = server.expiry, server.state != .dropped {
            remarks.append(
                expiry.isOver
                    ? "its time is over"
                    : "is deleted in \(ExpiryState.words(seconds: expiry.secondsLeft))")
        }
        return remarks
    }
}
