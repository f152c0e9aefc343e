import PostgresFormat

/// The catalogs of one database, or the shared ones.
struct DatabaseCatalog {
    var tablespace: ObjectID
    /// The map of the catalogs that are not looked up in `pg_class`.
    var map: RelationMap
    /// Catalogs by the number of their file; more than one of a kind while one is being rewritten.
    var heaps: [UInt32: CatalogHeap] = [:]
    /// Which file is which catalog's.
    private(set) var current: [CatalogKind: UInt32] = [:]

    init(tablespace: ObjectID, map: RelationMap, kinds: [CatalogKind]) {
        self.tablespace = tablespace
        self.map = map
        for kind in kinds { use(map.files[ObjectID(kind.rawValue)] ?? kind.rawValue, for: kind) }
    }

    static let ownKinds = CatalogKind.allCases.filter { !$0.isShared }
    static let sharedKinds = CatalogKind.allCases.filter(\.isShared)

    /// Where a relation of this database lies.
    func place(of entry: RelationEntry, in database: ObjectID) -> RelationLocator {
        RelationLocator(
            tablespace: entry.tablespace == .none ? tablespace : entry.tablespace, database: database,
            number: entry.file)
    }

    subscript(kind: CatalogKind) -> CatalogHeap? { current[kind].flatMap { heaps[$0] } }

    /// Makes a file the catalog's, with what was read of it so far, and forgets the one before.
    ///
    /// - Returns: whether the file was known; if not, the catalog is empty until its pages come.
    @discardableResult
    mutating func use(_ file: UInt32, for kind: CatalogKind) -> Bool {
        guard current[kind] != file else { return true }
        if let old = current[kind] { heaps[old] = nil }
        current[kind] = file
        if heaps[file]?.kind == kind { return true }
        heaps[file] = CatalogHeap(kind)
        return false
    }

    /// Begins to follow a file that is being filled to become this catalog's.
    mutating func stage(_ file: UInt32, for kind: CatalogKind) {
        if heaps[file] == nil { heaps[file] = CatalogHeap(kind) }
    }

    /// Follows a file no longer, unless it is a catalog's.
    mutating func forget(_ file: UInt32) {
        if !current.values.contains(file) { heaps[file] = nil }
    }

    /// Files of the catalogs that are not where they are in a new cluster.
    var rewrittenFiles: [UInt32] { heaps.filter { $0.key != $0.value.kind.rawValue }.map(\.key) }
}
