public import Platform
public import PostgresFormat

/// What became of one row, by the addresses that WAL names, from the first of the transactions that are
/// taken back.
public struct RowTrack: Hashable, Sendable {
    /// Where the row lay before any of them touched it; nil for one that they put in.
    public var before: RowAddress?
    /// Where the commit record begins of whoever put it there; zero where that is older than what was looked
    /// at.
    public var born = LSN.zero
    /// Who wrote it from the first to the last of them, in the order of the commits; one entry for each
    /// transaction, also of others in between.
    public var steps: [RowWrite] = []
    /// What transactions that committed after the last of them did to it, in the order of WAL.
    public var later: [RowWrite] = []
    /// Where its newest version lies, as far as it was followed.
    public var now: RowAddress?
    /// Two tracks of one row that was taken to another partition have the same number.
    public var move: Int?
    /// Of rows that were put in after a row had left its partition: how many there were before.
    var moveOrder = 0

    public init(before: RowAddress?, after: RowAddress?, later: [RowWrite] = []) {
        self.before = before
        self.later = later
        end = after
        now = after
    }

    private var end: RowAddress?

    /// Where it lay when the last of them had committed; nil for one that they deleted.
    public var after: RowAddress? {
        get { end }
        set {
            end = newValue
            now = newValue
        }
    }
}

/// One transaction's write of a row, as it committed.
public struct RowWrite: Hashable, Sendable {
    /// The top one, also where a subtransaction wrote.
    public let xid: TransactionID
    /// By the clock of the source, from its commit record.
    public let time: PostgresTimestamp
    /// Where its commit record begins.
    public let commit: LSN
    /// Where its version of the row lies; nil where it deleted the row.
    public let address: RowAddress?
    /// Whether it took the row to another partition, where it is not followed.
    public let isMove: Bool
    /// Whether it is one of those that are taken back.
    public let isOwn: Bool

    public init(
        xid: TransactionID, time: PostgresTimestamp, commit: LSN, address: RowAddress?, isMove: Bool = false,
        isOwn: Bool = false
    ) {
        self.isMove = isMove
        self.isOwn = isOwn
        self.xid = xid
        self.time = time
        self.commit = commit
        self.address = address
    }
}

/// Everything that transactions did to rows, and what else their WAL tells of them.
public struct TransactionFootprint: Hashable, Sendable {
    /// Their rows in each file of a table, in the order in which they were first touched.
    public var relations: [RelationLocator: [RowTrack]]
    /// Files that they made: a new table, or one rewritten or emptied by them.
    public var made: Set<RelationLocator>
    /// Files that their commits removed.
    public var dropped: Set<RelationLocator>
    /// Where their commit records begin, in order.
    public var commits: [LSN] = []
    /// What others did between them; nil where that was not looked at.
    public var others: OthersWork?
    /// Files of system catalogs that were written anew, by VACUUM FULL, and the numbers of these catalogs.
    public internal(set) var catalogs: [RelationLocator: ObjectID] = [:]

    public init(
        relations: [RelationLocator: [RowTrack]] = [:], made: Set<RelationLocator> = [],
        dropped: Set<RelationLocator> = []
    ) {
        self.relations = relations
        self.made = made
        self.dropped = dropped
    }

    /// Relations with numbers below this one are the system catalogs, and so are files until they are written
    /// anew.
    public static let firstNormalNumber: UInt32 = 16384
    /// What ANALYZE writes.
    private static let statistics: UInt32 = 2619
    /// `pg_largeobject` and `pg_largeobject_metadata`.
    private static let largeObjects: Set<UInt32> = [2613, 2995]

    /// Whether a file holds rows of a system catalog.
    public func isOfCatalog(_ file: RelationLocator) -> Bool { catalog(of: file) != nil }

    private func catalog(of file: RelationLocator) -> UInt32? {
        catalogs[file]?.rawValue ?? (file.number < Self.firstNormalNumber ? file.number : nil)
    }

    /// The catalogs of which they changed rows.
    private var touchedCatalogs: Set<UInt32> {
        Set(relations.filter { !$0.value.isEmpty }.keys.compactMap(catalog))
    }

    /// Whether they changed rows of the system catalogs, in which definitions are.
    public var touchesCatalogs: Bool {
        !touchedCatalogs.subtracting(Self.largeObjects).subtracting([Self.statistics]).isEmpty
    }

    /// Whether it is one transaction, or several that nobody came between: no other transaction that
    /// committed between them wrote a table of theirs, or a definition, and no sequence gave numbers out
    /// between them that they dropped: it would come back as it was before the first one.
    public var isOne: Bool {
        if commits.count <= 1 { return true }
        guard let others, others.isComplete else { return false }
        let own = Set(relations.keys).union(made).union(dropped)
        let databases = Set(own.map(\.database))
        let passedOver = Self.largeObjects.union([Self.statistics])
        return others.files.isDisjoint(with: own) && others.sequences.isDisjoint(with: dropped)
            && !others.files.contains { file in
                guard databases.contains(file.database), let catalog = catalog(of: file) else { return false }
                return !passedOver.contains(catalog)
            }
    }

    /// Whether they changed large objects, which lie in catalogs.
    public var touchesLargeObjects: Bool { !touchedCatalogs.isDisjoint(with: Self.largeObjects) }

    /// Finds the files of one database's catalogs that were written anew.
    ///
    /// - Parameter readers: of that database in copies of several moments.
    public mutating func findCatalogs(of database: ObjectID, _ readers: [TableReader]) throws(Problem) {
        let files = (relations.filter { !$0.value.isEmpty }.keys + (others.map { Array($0.files) } ?? []))
            .filter {
                $0.database == database && $0.number >= Self.firstNormalNumber
            }.sorted()
        for reader in readers {
            for (file, owner) in try reader.owners(of: files) where owner.isCatalog {
                catalogs[file] = owner.relation
            }
        }
    }
}
