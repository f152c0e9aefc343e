internal import GRDB
internal import Platform

/// The names in a catalog, read without opening it as a store: nothing is made, migrated or waited for.
public struct CatalogNames: Sendable {
    public struct Server: Hashable, Sendable {
        public let id: String
        public let group: String
        public let name: String
        public let isDeleted: Bool
        public let isCopy: Bool
        public let firewallRules: [String]
    }

    public private(set) var servers: [Server] = []
    public private(set) var groups: [String] = []
    private let path: String

    /// Nil when the file is not there, cannot be read, is being written, or is of another layout.
    public init?(path: String) {
        self.path = path
        let found = Self.read(path) { database in
            (
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT id, resourceGroup, name, deletedAt, restoredFrom IS NOT NULL AS isCopy FROM server
                        ORDER BY name
                        """),
                try String.fetchAll(database, sql: "SELECT name FROM resourceGroup ORDER BY name"),
                try Row.fetchAll(database, sql: "SELECT serverID, name FROM firewallRule ORDER BY name")
            )
        }
        guard let found else { return nil }
        let rules = Dictionary(grouping: found.2) { (row) -> String in row["serverID"] }
        servers = found.0.map { row in
            Server(
                id: row["id"], group: row["resourceGroup"], name: row["name"],
                isDeleted: (row["deletedAt"] as String?) != nil, isCopy: row["isCopy"],
                firewallRules: rules[row["id"], default: []].map { $0["name"] })
        }
        groups = found.1
    }

    /// What was made on a server by this tool and not deleted since, as the activity log tells.
    ///
    /// - Parameters:
    ///   - property: the property of the log's entries that has the name.
    ///   - kind: the kind of thing in the names of the operations: `databases`.
    public func made(_ property: String, _ kind: String, on server: Server) -> [String] {
        let entries = Self.read(path) { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT operationName, json_extract(properties, ?) AS name FROM activity
                    WHERE status = 'Succeeded' AND resourceGroup = ? AND resourceID LIKE '%/flexibleServers/' || ?
                    AND operationName LIKE '%/' || ? || '/%'
                    AND time >= (SELECT createdAt FROM server WHERE id = ?) ORDER BY time
                    """,
                arguments: ["$." + property, server.group, server.name, kind, server.id])
        }
        var names: Set<String> = []
        for entry in entries ?? [] {
            guard let name = entry["name"] as String?, let operation = entry["operationName"] as String?
            else {
                continue
            }
            if operation.hasSuffix("/delete") { names.remove(name) } else { names.insert(name) }
        }
        return names.sorted()
    }

    private static func read<Found>(_ path: String, _ body: (Database) throws -> Found) -> Found? {
        guard DurableFiles.status(path) != nil else { return nil }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .immediateError
        // A name that is not offered is all that a failure costs.
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return nil }
        return try? queue.read(body)
    }
}
