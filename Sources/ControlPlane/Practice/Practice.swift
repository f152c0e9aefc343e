#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Platform
public import ServiceModel

/// An incident that somebody practises on: what there is to do, and how far it is.
public struct Practice: Codable, Sendable, Equatable {
    public struct Task: Codable, Sendable, Equatable {
        public var title: String
        /// One sentence or two each.
        public var text: [String]
        /// What was seen of it last; empty before anything was.
        public var finding = ""
        public var isDone = false

        public init(_ title: String, _ text: [String]) {
            self.title = title
            self.text = text
        }
    }

    public var group: String
    /// The server that it happened on.
    public var server: String
    /// Of that server, and of no other that ever had its name; nil before it is made.
    public var serverID: String?
    /// In the order in which they are done.
    public var tasks: [Task]

    public init(_ server: ServerReference, tasks: [Task]) {
        group = server.resourceGroup
        self.server = server.name
        self.tasks = tasks
    }

    /// The first that is not done; nil when all are.
    public var current: Int? { tasks.firstIndex { !$0.isDone } }

    /// The servers in other groups that were made from the one that it happened on, or from one that was made
    /// from it in its own group.
    ///
    /// - Parameter deleted: servers that may have been sources.
    public func copies(among servers: [ServerDetails], deleted: [ServerDetails]) -> [ServerDetails] {
        guard let serverID else { return [] }
        var sources: Set<String> = [serverID]
        for server in servers + deleted
        where server.resourceGroup == group && server.restoredFrom?.sourceServerID == serverID {
            sources.insert(server.id)
        }
        return servers.filter { server in
            guard let origin = server.restoredFrom else { return false }
            return server.resourceGroup != group && sources.contains(origin.sourceServerID)
        }
    }
}

/// The incident is a small file beside the daemon's others: whoever checks the tasks writes it, and the
/// portal shows it, be they one process or two.
extension ControlPlane {
    private var practiceFile: String { paths.api + "/practice.json" }

    /// Nil when nobody practises.
    public func practice() throws -> Practice? {
        guard let bytes = try DurableFiles.readIfPresent(practiceFile) else { return nil }
        // What another version wrote is not shown; the next run writes its own.
        return try? JSONDecoder().decode(Practice.self, from: Data(bytes))
    }

    public func keep(_ practice: Practice) throws {
        try DurableFiles.makeDirectories(paths.api)
        try DurableFiles.write(Array(try JSONEncoder().encode(practice)), to: practiceFile, durable: false)
    }

    public func endPractice() throws {
        _ = try DurableFiles.removeFile(practiceFile)
    }
}
