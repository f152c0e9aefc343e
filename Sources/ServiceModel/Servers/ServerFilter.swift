/// Which of the listed servers are wanted: all conditions hold for them.
public struct ServerFilter: Sendable {
    /// Without a value any will do. Names of tags are compared without case, as in Azure.
    public var tags: [(name: String, value: String?)]
    /// The server that they were restored from: a name, an id or a resource id.
    public var source: String?
    /// Only those whose time is over.
    public var isExpired: Bool

    public init(
        tags: [(name: String, value: String?)] = [], source: String? = nil, isExpired: Bool = false
    ) {
        self.tags = tags
        self.source = source
        self.isExpired = isExpired
    }

    public func matches(_ server: ServerDetails) -> Bool {
        if isExpired, server.expiry?.isOver != true { return false }
        let hasTags = tags.allSatisfy { wanted in
            server.tags.contains {
                $0.key.lowercased() == wanted.name.lowercased()
                    && (wanted.value == nil || $0.value == wanted.value)
            }
        }
        guard let source else { return hasTags }
        guard let origin = server.restoredFrom else { return false }
        let names = [origin.sourceServer, origin.sourceServerID, origin.sourceServerResourceID ?? ""]
        return hasTags && names.contains { $0.lowercased() == source.lowercased() }
    }
}
