public import PostgresFormat
import WALEvents

/// Numbers that lie close together, such as pages of a table.
struct NumberSet: Hashable, Sendable {
    private static let numbersOfChunk: UInt32 = 1024
    private var chunks: [UInt32: [UInt64]] = [:]

    mutating func insert(_ number: UInt32) {
        let place = Int(number % Self.numbersOfChunk)
        chunks[number / Self.numbersOfChunk, default: [UInt64](repeating: 0, count: 16)][place / 64] |=
            1 << UInt64(place % 64)
    }

    func contains(_ number: UInt32) -> Bool {
        let place = Int(number % Self.numbersOfChunk)
        guard let chunk = chunks[number / Self.numbersOfChunk] else { return false }
        return chunk[place / 64] & 1 << UInt64(place % 64) != 0
    }

    var count: Int { chunks.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } } }

    /// In ascending order.
    var sorted: [UInt32] {
        var found: [UInt32] = []
        found.reserveCapacity(count)
        for (number, chunk) in chunks.sorted(by: { $0.key < $1.key }) {
            for (place, word) in chunk.enumerated() where word != 0 {
                for bit in 0..<64 where word & 1 << UInt64(bit) != 0 {
                    found.append(number * Self.numbersOfChunk + UInt32(place * 64 + bit))
                }
            }
        }
        return found
    }
}

/// The pages on which rows of two servers can differ that were one up to some place in WAL: those that WAL
/// of either names since, and those on which transactions wrote before it that committed behind it.
///
/// Any other page has the same rows on both, at the same addresses.
public struct TouchedPages: Sendable {
    public enum Extent: Hashable, Sendable {
        case whole
        case pages([UInt32])
    }

    private var pages: [RelationLocator: NumberSet] = [:]
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
        addPages(record)
    }

    /// Takes a record from before the fork: one of a transaction that committed behind it counts.
    public mutating func addEarlier(_ record: borrowing WALRecord) {
        guard record.xid.isNormal, committed.contains(record.xid.rawValue) else { return }
        addPages(record)
    }

    private mutating func refuse(_ record: borrowing WALRecord) {
        unreadable = unreadable ?? record.start
    }

    private mutating func commit(_ xid: TransactionID) {
        committed.insert(xid.rawValue)
        if oldest.map({ xid.precedes($0) }) ?? true { oldest = xid }
    }

    private mutating func addPages(_ record: borrowing WALRecord) {
        var touched: [(RelationLocator, UInt32)] = []
        let isWhole = record.forEachBlock { block in
            if block.fork == .main { touched.append((block.locator, block.block)) }
            return true
        }
        if !isWhole { refuse(record) }
        for (file, page) in touched { pages[file, default: NumberSet()].insert(page) }
    }

    /// What is to be read of a relation that has the same file on both sides.
    ///
    /// - Parameter count: of its pages.
    public func extent(of file: RelationLocator, pages count: UInt64) -> Extent {
        guard !made.contains(file), !databases.contains(file.database) else { return .whole }
        guard let touched = pages[file] else { return .pages([]) }
        // Page by page is dearer than all of them in a row.
        return UInt64(touched.count) * 2 > count && count > 8 ? .whole : .pages(touched.sorted)
    }
}
