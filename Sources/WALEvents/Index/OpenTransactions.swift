import PostgresFormat

/// The transactions that have not ended yet, with the rows they changed in each relation; made for many
/// thousands a second.
///
/// Two hash tables over two pools. What has ended stays in the pools until they are full, then the living are
/// moved together; so memory follows the transactions that are open at once, not the length of the WAL.
struct OpenTransactions: Sendable {
    struct Change: Sendable {
        var xid: UInt32
        var relation: RelationLocator
        var inserted: Int64 = 0
        var updated: Int64 = 0
        var deleted: Int64 = 0
        var movedAway: Int64 = 0
        var firstRecord: UInt64
        /// The next change of the same transaction in the pool, or -1.
        var next: Int32 = -1
        /// Whether what the transaction changes from now on is counted apart.
        var isClosed = false
    }

    struct Transaction: Sendable {
        var xid: UInt32
        var firstChange: Int32 = -1
        var lastChange: Int32 = -1
        /// Up to here all changes of people's relations are closed; -1 where none is known to be.
        var lastClosed: Int32 = -1
        var touchesCatalogs = false
        /// Whether some of its changes were handed out before its end.
        var isSpilled = false
        var isOpen = true
    }

    private(set) var changes: [Change] = []
    private(set) var transactions: [Transaction] = []
    /// Pool places plus one, by hash; zero is free.
    private var changeTable: [Int32]
    private var transactionTable: [Int32]
    private var lastChange = -1
    private var lastTransaction = -1

    private static let initialCapacity = 1024

    init() {
        changeTable = [Int32](repeating: 0, count: 2 * Self.initialCapacity)
        transactionTable = [Int32](repeating: 0, count: 2 * Self.initialCapacity)
    }

    var openCount: Int { transactions.reduce(0) { $0 + ($1.isOpen ? 1 : 0) } }

    // MARK: Finding

    /// The place of a transaction in the pool; -1 for one without a change.
    @inline(__always)
    func find(_ xid: UInt32) -> Int {
        if lastTransaction >= 0, transactions[lastTransaction].xid == xid,
            transactions[lastTransaction].isOpen
        {
            return lastTransaction
        }
        let mask = transactionTable.count - 1
        var slot = Self.hash(UInt64(xid)) & mask
        while transactionTable[slot] != 0 {
            let place = Int(transactionTable[slot]) - 1
            if transactions[place].xid == xid, transactions[place].isOpen { return place }
            slot = (slot + 1) & mask
        }
        return -1
    }

    /// The place of a transaction in the pool, which is made if it is not there.
    @inline(__always)
    mutating func transaction(_ xid: UInt32) -> Int {
        let found = find(xid)
        if found >= 0 {
            lastTransaction = found
            return found
        }
        if transactions.count * 2 >= transactionTable.count { collect() }
        transactions.append(Transaction(xid: xid))
        Self.enter(transactions.count, Self.hash(UInt64(xid)), &transactionTable)
        lastTransaction = transactions.count - 1
        return lastTransaction
    }

    /// The place in the pool of a transaction's changes of a relation, which is made if it is not there.
    @inline(__always)
    mutating func change(_ xid: UInt32, _ relation: RelationLocator, at record: UInt64) -> Int {
        if lastChange >= 0, changes[lastChange].xid == xid, changes[lastChange].relation == relation {
            return lastChange
        }
        let hash = Self.hash(UInt64(relation.number) << 32 | UInt64(xid))
        let mask = changeTable.count - 1
        var slot = hash & mask
        while changeTable[slot] != 0 {
            let place = Int(changeTable[slot]) - 1
            if changes[place].xid == xid, changes[place].relation == relation, !changes[place].isClosed {
                lastChange = place
                return place
            }
            slot = (slot + 1) & mask
        }
        if changes.count * 2 >= changeTable.count { collect() }
        let owner = transaction(xid)
        changes.append(Change(xid: xid, relation: relation, firstRecord: record))
        let place = changes.count - 1
        Self.enter(changes.count, hash, &changeTable)
        if transactions[owner].firstChange < 0 {
            transactions[owner].firstChange = Int32(place)
        } else {
            changes[Int(transactions[owner].lastChange)].next = Int32(place)
        }
        transactions[owner].lastChange = Int32(place)
        lastChange = place
        return place
    }

    @inline(__always)
    func forEachChange(ofTransactionAt place: Int, _ body: (Change) -> Void) {
        var next = transactions[place].firstChange
        while next >= 0 {
            body(changes[Int(next)])
            next = changes[Int(next)].next
        }
    }

    // MARK: Changing

    @inline(__always)
    mutating func update(_ place: Int, _ body: (inout Change) -> Void) {
        body(&changes[place])
    }

    mutating func noteCatalog(_ xid: UInt32) {
        transactions[transaction(xid)].touchesCatalogs = true
    }

    /// Counts apart what the transaction changes from now on, but for rows of the catalogs themselves.
    mutating func part(_ xid: UInt32) {
        let place = find(xid)
        guard place >= 0 else { return }
        let closed = Int(transactions[place].lastClosed)
        var next = closed < 0 ? transactions[place].firstChange : changes[closed].next
        while next >= 0 {
            if changes[Int(next)].relation.number >= CatalogPlaces.firstNormalNumber {
                changes[Int(next)].isClosed = true
            }
            transactions[place].lastClosed = next
            next = changes[Int(next)].next
        }
        lastChange = -1
    }

    /// The transaction ended: its number means nothing any more.
    @inline(__always)
    mutating func close(_ place: Int) {
        transactions[place].isOpen = false
        // A number is not given out again within a segment; it only must not be found.
        if lastTransaction == place { lastTransaction = -1 }
        lastChange = -1
    }

    /// Forgets the changes of all open transactions, which the caller has handed out, but not the
    /// transactions.
    mutating func spill() {
        for place in transactions.indices where transactions[place].isOpen {
            if transactions[place].firstChange >= 0 { transactions[place].isSpilled = true }
            transactions[place].firstChange = -1
            transactions[place].lastChange = -1
            transactions[place].lastClosed = -1
        }
        changes.removeAll(keepingCapacity: true)
        changeTable.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        lastChange = -1
    }

    /// Moves the living together; the tables grow when half of their room is taken by them.
    private mutating func collect() {
        var keptTransactions: [Transaction] = []
        var keptChanges: [Change] = []
        for transaction in transactions where transaction.isOpen {
            var moved = transaction
            moved.firstChange = -1
            moved.lastChange = -1
            moved.lastClosed = -1
            var next = transaction.firstChange
            while next >= 0 {
                var change = changes[Int(next)]
                next = change.next
                change.next = -1
                if moved.firstChange < 0 {
                    moved.firstChange = Int32(keptChanges.count)
                } else {
                    keptChanges[Int(moved.lastChange)].next = Int32(keptChanges.count)
                }
                moved.lastChange = Int32(keptChanges.count)
                keptChanges.append(change)
            }
            keptTransactions.append(moved)
        }
        transactions = keptTransactions
        changes = keptChanges
        lastTransaction = -1
        lastChange = -1
        transactionTable = Self.table(transactions.count, was: transactionTable.count)
        for (place, transaction) in transactions.enumerated() {
            Self.enter(place + 1, Self.hash(UInt64(transaction.xid)), &transactionTable)
        }
        changeTable = Self.table(changes.count, was: changeTable.count)
        for (place, change) in changes.enumerated() {
            Self.enter(
                place + 1, Self.hash(UInt64(change.relation.number) << 32 | UInt64(change.xid)), &changeTable)
        }
    }

    private static func table(_ count: Int, was size: Int) -> [Int32] {
        [Int32](repeating: 0, count: count * 4 >= size ? size * 2 : size)
    }

    @inline(__always)
    private static func enter(_ entry: Int, _ hash: Int, _ table: inout [Int32]) {
        let mask = table.count - 1
        var slot = hash & mask
        while table[slot] != 0 { slot = (slot + 1) & mask }
        table[slot] = Int32(entry)
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }
}
