public import PostgresFormat
import WALEvents

/// The rows of two servers that can differ that were one up to some place in WAL: those that WAL of either
/// names since, and those that transactions wrote before it that committed behind it.
///
/// Any other row is the same on both, at the same address.
public struct TouchedRows: Sendable {
    public enum Extent: Hashable, Sendable {
        case whole
        /// All rows of some pages, in ascending order, and single rows of others.
        case some(pages: [UInt32], rows: [RowAddress])
    }

    private var files: [RelationLocator: RowSet] = [:]
    /// Files that were made since: a table that is new, or was written anew.
    private var made: Set<RelationLocator> = []
    /// Made or moved since, whose files WAL may not describe.
    private var databases: Set<ObjectID> = []
    private var committed = NumberSet()
    /// The oldest transaction that committed since, subtransactions included.
    public private(set) var oldest: TransactionID?
    /// A record that could not be read, if any: nothing may be concluded then.
    public private(set) var unreadable: LSN?

    public init() {}

    /// Takes a record of either side from behind the fork.
    public mutating func add(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .transaction?:
            guard let end = record.transactionDetails else {
                // Ends have the operations up to 0x40; the others tell of transactions that go on.
                if record.operation & 0x70 <= 0x40 { refuse(record) }
                break
            }
            guard end.end.kind.isCommit else { break }
            for xid in [end.end.xid] + end.subtransactions where xid.isNormal { commit(xid) }
        case .storage?:
            switch record.storageOperation {
            case .create(let file, .main)?: made.insert(file)
            case .create?, .truncate?: break
            case nil: refuse(record)
            }
        case .database?:
            switch record.databaseOperation {
            case .createByFileCopy(let database, _, _, _)?, .createByWAL(let database, _)?,
                .drop(let database, _)?:
                databases.insert(database)
            case nil: refuse(record)
            }
        default: break
        }
        addRows(record)
    }

    /// Takes a record from before the fork: one of a transaction that committed behind it counts.
    public mutating func addEarlier(_ record: borrowing WALRecord) {
        guard record.xid.isNormal, committed.contains(record.xid.rawValue) else { return }
        addRows(record)
    }

    private mutating func refuse(_ record: borrowing WALRecord) {
        unreadable = unreadable ?? record.start
    }

    private mutating func commit(_ xid: TransactionID) {
        committed.insert(xid.rawValue)
        if oldest.map({ xid.precedes($0) }) ?? true { oldest = xid }
    }

    private mutating func addRows(_ record: borrowing WALRecord) {
        switch record.resourceManager {
        case .heap?, .heap2?: addHeap(record)
        // No relation that is compared has its pages of them.
        case .btree?, .hash?, .gin?, .gist?, .spGist?, .brin?, .sequence?: break
        // What a reader finds out of a row is no change of it.
        case .xlog? where record.operation == XLogOperation.fullPageImageForHint: break
        default: addPages(record)
        }
    }

    private mutating func addHeap(_ record: borrowing WALRecord) {
        switch record.heapOperation {
        case .insert(let insertion)?: add(insertion.row)
        case .multiInsert(let insertion)?:
            guard let numbers = record.rowNumbers(of: insertion) else { return refuse(record) }
            for number in numbers {
                add(insertion.block.locator, RowAddress(block: insertion.block.block, offset: number))
            }
        case .delete(let deletion)?: add(deletion.row)
        case .update(let update)?:
            add(update.old)
            add(update.new)
        case .inPlace?: addPages(record)
        // Locks, pruning and freezing change no row.
        case .truncate?, .confirm?, .lock?, .lockUpdated?, .prune?, .visible?, .newCommand?, .rewriteMapping?:
            break
        case nil: refuse(record)
        }
    }

    private mutating func add(_ row: HeapRow) { add(row.locator, row.address) }

    private mutating func add(_ file: RelationLocator, _ address: RowAddress) {
        files[file, default: RowSet()].insert(address)
    }

    private mutating func addPages(_ record: borrowing WALRecord) {
        var touched: [(RelationLocator, UInt32)] = []
        let isWhole = record.forEachBlock { block in
            if block.fork == .main { touched.append((block.locator, block.block)) }
            return true
        }
        if !isWhole { refuse(record) }
        for (file, page) in touched { files[file, default: RowSet()].insert(page: page) }
    }

    /// What is to be read of a relation that has the same file on both sides.
    ///
    /// - Parameter count: of its pages.
    public func extent(of file: RelationLocator, pages count: UInt64) -> Extent {
        guard !made.contains(file), !databases.contains(file.database) else { return .whole }
        guard let touched = files[file] else { return .some(pages: [], rows: []) }
        let (pages, rows) = touched.sorted
        // One by one is dearer than all of them in a row.
        let some = (UInt64(pages.count) * Self.rowsOfPage + UInt64(rows.count)) * 2
        return some > count * Self.rowsOfPage && count > 8 ? .whole : .some(pages: pages, rows: rows)
    }

    /// Rows on a page of an ordinary table, about.
    private static let rowsOfPage: UInt64 = 60
}
