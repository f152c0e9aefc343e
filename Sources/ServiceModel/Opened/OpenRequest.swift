/// What `open` was asked for.
public struct OpenRequest: Hashable, Sendable {
    /// What is at the place that was named.
    public enum Kind: Hashable, Sendable {
        /// Told by what lies there.
        case base
        /// A repository of pgBackRest; a stanza that is nil is the only one.
        case backrest(stanza: String?)
    }

    public var resourceGroup: String
    public var name: String
    /// An absolute path: a data directory, a folder of tar archives, one of them, a Barman server's
    /// directory, or a repository of pgBackRest.
    public var base: String
    public var kind = Kind.base
    /// Absolute paths of the backups that `base` needs where it is an incremental one, in any order.
    public var earlier: [String] = []
    /// Absolute paths of folders with WAL.
    public var wal: [String]
    /// Which one of several backups that lie there; nil is the newest whole one.
    public var backup: String?
    /// Where the files of tablespaces lie that are links in a base backup, by their numbers; of several base
    /// backups one directory for each in which it is a link, in the order of `earlier` and `base`.
    public var tablespaces: [UInt32: [String]] = [:]
    /// The login that administers copies.
    public var adminUser: String?
    public var location: String?
    public var tags: [String: String] = [:]

    public init(resourceGroup: String, name: String, base: String, wal: [String]) {
        self.resourceGroup = resourceGroup
        self.name = name
        self.base = base
        self.wal = wal
    }
}
