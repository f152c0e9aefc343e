public import PostgresFormat

/// Who made a server, and who changed it last, as the operations that are kept tell.
public struct Authorship: Hashable, Sendable {
    public struct Change: Hashable, Sendable {
        public var caller: String
        public var time: PostgresTimestamp

        public init(caller: String, time: PostgresTimestamp) {
            self.caller = caller
            self.time = time
        }

        /// Whether somebody of this machine did it; the names of identities have no blanks.
        public var isPerson: Bool { caller == Caller.local.name || caller.contains("uid ") }
    }

    public var created: Change?
    /// Nil until something of the server itself was changed.
    public var changed: Change?

    public init(created: Change? = nil, changed: Change? = nil) {
        self.created = created
        self.changed = changed
    }
}
