import Catalog
import GRDB
import Notation
import Platform
import Repository
import ServiceModel

/// Maintenance of what a lost catalog would be made again from.
extension ControlPlane {
    /// Describes servers that an older version made, or whose description was damaged.
    func describeAll(dryRun: Bool) throws -> [MaintenanceAction] {
        var actions: [MaintenanceAction] = []
        for row in try rows(resourceGroup: nil, dropped: false) + rows(resourceGroup: nil, dropped: true)
        where row.phase == .complete || row.phase == .dropped {
            let isDue = try catalog.write { try describe(row.id, in: $0, dryRun: true) }
            guard isDue else { continue }
            actions.append(
                act(
                    row.name, "describe", "server.json", "its description is missing or out of date",
                    dryRun: dryRun
                ) { _ = try catalog.write { try describe(row.id, in: $0) } })
        }
        let groupsAreDue = try catalog.write { try describeGroups(in: $0, dryRun: true) }
        if groupsAreDue {
            actions.append(
                act(
                    nil, "describe", "groups.json", "the groups' description is missing or out of date",
                    dryRun: dryRun
                ) { _ = try catalog.write { try describeGroups(in: $0) } })
        }
        return actions
    }

    /// Folders of servers that were never entered into the catalog: they hold a description at most.
    func leftoverRepositories(dryRun: Bool) throws -> [MaintenanceAction] {
        var actions: [MaintenanceAction] = []
        for id in try CatalogRebuild.serverIDs(paths) {
            func isLeftover() throws -> Bool {
                let layout = paths.layout(id)
                guard layout.exists, DurableFiles.status(paths.server(id)) == nil, try layout.isBare()
                else { return false }
                return try catalog.read { try ServerRow.exists($0, key: id) } == false
            }
            guard try isLeftover(), let lock = try DirectoryLock.attempt(paths.serverLock(id)) else {
                continue
            }
            defer { lock.release() }
            guard try isLeftover() else { continue }
            actions.append(
                act(
                    nil, "remove-leftover", "repository/\(id)", "it is empty, and no server is of that id",
                    dryRun: dryRun
                ) { try paths.layout(id).remove() })
        }
        return actions
    }

    /// Folders of unfinished backups that no operation tells of any more.
    func leftoverBackups(dryRun: Bool) throws -> [MaintenanceAction] {
        var actions: [MaintenanceAction] = []
        for row in try rows(resourceGroup: nil, dropped: false) + rows(resourceGroup: nil, dropped: true)
        where row.phase == .complete || row.phase == .dropped {
            let repository = BackupRepository(layout: layout(row))
            guard try !repository.leftovers().isEmpty, try !isChanging(row),
                let lock = try DirectoryLock.attempt(paths.backupLock(row.id))
            else { continue }
            defer { lock.release() }
            for folder in try repository.leftovers() {
                actions.append(
                    act(
                        row.name, "remove-leftover", folder, "nothing works on it", dryRun: dryRun
                    ) { try repository.removeLeftover(folder) })
            }
        }
        return actions
    }

    private func isChanging(_ row: ServerRow) throws -> Bool {
        try !operations.operations(.init(states: [.running], server: row.id)).isEmpty
    }
}
