/// Something in a data directory that a base backup passes over, as `pg_basebackup` does.
///
/// Only what PostgreSQL itself never reads is passed over: what has one of its own names and cannot be copied
/// is refused, since a backup without it would lack data.
public struct PassedOver: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// A socket, a FIFO or a device.
        case special
        /// It has no content.
        case deadLink
        case link
        /// The servers' account may not read it.
        case unreadable
        /// What fsck makes at the top of a file system.
        case lostAndFound
    }

    /// Relative to the data directory.
    public let path: String
    public let reason: Reason

    /// For people: `"notes.fifo" (a socket, FIFO or device)`.
    public var words: String {
        let why =
            switch reason {
            case .special: "a socket, FIFO or device"
            case .deadLink: "a link that leads nowhere"
            case .link: "a link out of the data directory"
            case .unreadable: "not readable for the servers' account"
            case .lostAndFound: "the file system's own"
            }
        return "\"\(path)\" (\(why))"
    }
}
