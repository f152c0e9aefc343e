internal import GRDB
internal import Platform

/// The names in a catalog, read without opening it as a store: nothing is made, migrated or waited for.
public struct CatalogNames: Sendable {
    public struct Server: Hashable, Sendable {
        public let id: String
        public let group: String
        public let name: String
        public let isDeleted: Bool
    }

    public private(set) var servers: [Server] = []
    public private(set) var groups: [String] = []

    /// Nil when the file is not there, cannot be read, is being written, or is of another layout.
    public init?(path: String) {
        guard DurableFiles.status(path) != nil else { return nil }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .immediateError
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return nil }
        let found = try? queue.read { database in
            (
                try Row.fetchAll(
                    database, sql: "SELECT id, resourceGroup, name, deletedAt FROM server ORDER BY name"),
                try String.fetchAll(database, sql: "SELECT name FROM resourceGroup ORDER BY name")
            )
        }
        guard let found else { return nil }
        servers = found.0.map { row in
            Server(
                id: row["id"], group: row["resourceGroup"], name: row["name"],
                isDeleted: (row["deletedAt"] as String?) != nil)
        }
        groups = found.1
    }
}
