public import PostgresFormat

/// The files of a base backup, as far as catalogs are read from them.
public protocol CatalogFiles: AnyObject, Sendable {
    /// The magic of the WAL version the backup belongs to.
    var version: WALVersion { get }
    /// The databases whose directories are in the backup, and in which tablespace each one is.
    var databases: [ObjectID: ObjectID] { get }
    /// The map of a database, or of the shared catalogs for `.none`; nil if it is missing or damaged.
    func relationMap(of database: ObjectID) -> RelationMap?
    /// How many whole pages a relation's file has; 0 if there is none.
    func pageCount(of relation: RelationLocator) -> UInt32
    /// One page of 8192 bytes; nil if it is not there.
    func page(of relation: RelationLocator, _ block: UInt32) -> [UInt8]?
    /// What `pg_xact` says of a transaction; nil if it says nothing.
    func status(of xid: TransactionID) -> TransactionStatus?
}

/// What a base backup's catalogs are read by, once they are wanted.
public struct CatalogSource {
    public let version: WALVersion
    /// Nil where nothing is known of them.
    let files: (any CatalogFiles)?
    /// Unpacks the page images of a server with `wal_compression = zstd`.
    let zstd: ZstdUnpacker?

    public init(files: any CatalogFiles, zstd: ZstdUnpacker? = nil) {
        version = files.version
        self.files = files
        self.zstd = zstd
    }

    /// Of a cluster of which nothing is known.
    public init(version: WALVersion) {
        self.version = version
        files = nil
        zstd = nil
    }
}
