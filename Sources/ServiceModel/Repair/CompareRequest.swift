/// What `compare` is asked for.
public struct CompareRequest: Codable, Hashable, Sendable {
    /// What a copy is compared with.
    public enum Other: Codable, Hashable, Sendable {
        /// A temporary copy of the latest moment of the server that it was restored from.
        case sourceNow
        /// That server itself, by SQL.
        case source
        case server(ServerReference)
    }

    public var server: ServerReference
    public var other: Other
    /// Nil is all of them.
    public var database: String?
    /// As `schema.table` or `table`, with `*` for any characters; empty is all of them.
    public var tables: [String] = []
    public var comparesSchema = true
    public var comparesRows = true
    /// Whether every row is read, also where WAL tells which rows can differ.
    public var readsAll = false
    /// How much is read of the source in a second, in bytes; nil is as fast as it goes.
    public var maximumRate: UInt64?

    public init(server: ServerReference, other: Other) {
        self.server = server
        self.other = other
    }
}
