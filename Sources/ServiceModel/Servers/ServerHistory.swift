public import Planning
public import PostgresFormat
public import WALEvents

/// What `timeline` tells of a server: what is held of it, and what happened on it.
public struct ServerHistory: Sendable {
    public var server: ServerDetails
    /// The window that can be restored; nil when nothing can.
    public var earliest: PostgresTimestamp?
    public var latest: PostgresTimestamp?
    /// The range asked for, with the window's ends where it was left open.
    public var from: PostgresTimestamp?
    public var to: PostgresTimestamp?
    /// Oldest first, damaged ones among them.
    public var backups: [InventoryBackup] = []
    public var happened = EventHistory()

    public init(server: ServerDetails) {
        self.server = server
    }
}
