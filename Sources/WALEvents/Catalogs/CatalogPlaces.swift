import PostgresFormat

/// Where the catalogs lie whose records an index keeps.
struct CatalogPlaces: Sendable {
    /// Object numbers above are people's.
    static let firstNormalNumber: UInt32 = 16_384
    /// So many places are remembered, the latest.
    private static let limit = 256

    private(set) var moved: [RelationLocator]
    /// Those of them that were not known at the beginning.
    private(set) var found: [RelationLocator] = []

    init(_ moved: [RelationLocator]) {
        var unique: [RelationLocator] = []
        for place in moved where !unique.contains(place) { unique.append(place) }
        self.moved = Array(unique.suffix(Self.limit))
    }

    @inline(__always)
    func contains(_ relation: RelationLocator) -> Bool {
        if relation.number < Self.firstNormalNumber, Self.isCatalog(relation.number) { return true }
        return !moved.isEmpty && moved.contains(relation)
    }

    /// Whether a relation whose records are kept may be `pg_class`.
    func mayBeRelations(_ relation: RelationLocator) -> Bool {
        relation.number == CatalogKind.relations.rawValue || relation.number >= Self.firstNormalNumber
    }

    /// A catalog's own number is that of its file, in every database, until a rewrite moves it: those of
    /// `CatalogKind`, spelled out for speed.
    @inline(__always)
    private static func isCatalog(_ number: UInt32) -> Bool {
        switch number {
        case 1259, 1249, 2615, 1262, 1213, 2611: true
        default: false
        }
    }

    /// Takes in a new map from catalogs to files.
    ///
    /// Layout: `RelMapFile`: magic, count, then pairs of object number and file number.
    mutating func note(_ update: RelationMapUpdate, map: [UInt8]) {
        map.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            guard reader.skip(4), let count = reader.next(Int32.self), (0...64).contains(count) else {
                return
            }
            for _ in 0..<count {
                guard let object = reader.next(UInt32.self), let number = reader.next(UInt32.self) else {
                    return
                }
                guard Self.isCatalog(object), object != number else { continue }
                let place = RelationLocator(
                    tablespace: update.tablespace, database: update.database, number: number)
                if add(place) { found.append(place) }
            }
        }
    }

    /// Takes in a row of `pg_class`: it may be that of the transient relation which VACUUM FULL or CLUSTER
    /// fills to become a catalog that is not in the map (`CatalogKind.unmapped`). All its pages come later in
    /// the WAL.
    ///
    /// - Parameter relations: where that `pg_class` lies.
    mutating func note(_ entry: RelationEntry, in relations: RelationLocator) {
        let catalog = entry.rewriteOf.rawValue
        guard Self.isCatalog(catalog), entry.file != 0, entry.name == "pg_temp_\(catalog)" else { return }
        _ = add(
            RelationLocator(
                tablespace: entry.tablespace == .none ? relations.tablespace : entry.tablespace,
                database: relations.database, number: entry.file))
    }

    /// False for a place that is known.
    private mutating func add(_ place: RelationLocator) -> Bool {
        guard !moved.contains(place) else { return false }
        moved.append(place)
        if moved.count > Self.limit { moved.removeFirst() }
        return true
    }
}
