import Catalog
import GRDB
import Platform
import PostgresFormat
public import ServiceModel

extension ControlPlane {
    /// The temporary copies of operations that run. What a killed operation left is not among them:
    /// maintenance removes it.
    ///
    /// - Parameters:
    ///   - resourceGroup: of the sources; nil is all.
    ///   - source: a source's name or id; nil is any.
    public func listTemporaryCopies(resourceGroup: String?, source: String? = nil) throws -> [TemporaryCopy] {
        if let resourceGroup { try requireGroup(resourceGroup) }
        var found: [TemporaryCopy] = []
        for operation in try operations.operations(.init(states: [.running])) where operation.isAlive {
            let row = operation.row
            let folder = PrivateCopy.folder(in: paths.operation(row.id))
            let roles = try DurableFiles.listIfPresent(folder)
            let sourceID = row.sourceServerID ?? row.serverID
            guard !roles.isEmpty,
                let server = try catalog.read({ try ServerRow.fetchOne($0, key: sourceID) })
            else { continue }
            if let resourceGroup, server.resourceGroup.lowercased() != resourceGroup.lowercased() { continue }
            if let source, ![server.name, server.id].contains(source.lowercased()) { continue }
            let since = row.begunAt ?? row.startedAt
            found += roles.map { role in
                TemporaryCopy(
                    bytes: TreeSize.bytes(below: "\(folder)/\(role)"), kind: row.kind, operationID: row.id,
                    resourceGroup: server.resourceGroup, role: role, since: since, sourceName: server.name,
                    sourceID: server.id)
            }
        }
        return try found + drilled(resourceGroup, source)
    }

    private func drilled(_ resourceGroup: String?, _ source: String?) throws -> [TemporaryCopy] {
        try drills.running().compactMap { record, isAlive in
            guard isAlive, let copy = try drillCopy(of: record) else { return nil }
            if let resourceGroup, record.resourceGroup.lowercased() != resourceGroup.lowercased() {
                return nil
            }
            if let source, ![record.serverName, record.serverID].contains(source.lowercased()) { return nil }
            return TemporaryCopy(
                bytes: TreeSize.bytes(below: paths.server(copy.id)), kind: OperationKind.drill.name,
                operationID: record.id, resourceGroup: record.resourceGroup, role: copy.name,
                since: record.startedAt, sourceName: record.serverName, sourceID: record.serverID)
        }
    }
}
