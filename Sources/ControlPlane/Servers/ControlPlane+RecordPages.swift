import Planning
import Platform
public import PostgresFormat
public import ServiceModel
public import WALEvents

/// A record of the WAL as a list shows it.
public struct ListedRecord: Sendable {
    public var start: LSN
    public var end: LSN
    public var xid: TransactionID
    /// `Heap/INSERT`
    public var kind: String
    /// What it says, without a full stop.
    public var sentence: String
    /// What it is about or names.
    public var mentions: [RecordMention]

    init(_ record: borrowing WALRecord, _ mentions: [RecordMention]) {
        start = record.start
        end = record.end
        xid = record.xid
        kind = record.resourceManagerName + "/" + record.operationName
        sentence = RecordWords.sentence(record)
        self.mentions = mentions
    }
}

/// The nearest ones on both sides of a position, out of many that come in order.
struct SurroundingRecords<Item> {
    private let position: LSN
    private let count: Int
    private let start: (Item) -> LSN
    private var before: [Item] = []
    private var behind: [Item] = []

    init(_ position: LSN, count: Int, start: @escaping (Item) -> LSN) {
        self.position = position
        self.count = count
        self.start = start
    }

    /// - Returns: whether there may be more of them.
    mutating func take(_ item: Item) -> Bool {
        if start(item) < position {
            before.append(item)
            // Not one by one: what is in front would be moved each time.
            if before.count >= 2 * count { before.removeFirst(count) }
            return true
        }
        behind.append(item)
        return behind.count < count
    }

    var all: [Item] { Array(before.suffix(count)) + behind }
}

/// A few records at a time, forwards and backwards.
extension ControlPlane {
    /// Bytes that are read in front of a position for the records before it.
    private static let lookBack: UInt64 = 1 << 20

    /// The first records that begin at a position or behind it; fewer where the WAL ends.
    ///
    /// - Parameter count: no more than this many.
    public func records(
        of server: ServerReference, on timeline: TimelineID, from position: LSN, count: Int
    ) throws -> [ListedRecord] {
        var found: [ListedRecord] = []
        _ = try readWAL(server, .range(position..<LSN.max, timeline: timeline)) {
            (record, mentions) throws(Problem) in
            found.append(ListedRecord(record, mentions))
            return found.count < count
        }
        return found
    }

    /// The last records that begin before a position; fewer where records are so large that a mebibyte does
    /// not hold as many.
    ///
    /// - Parameters:
    ///   - first: nothing is read in front of it.
    ///   - count: no more than this many.
    public func records(
        of server: ServerReference, on timeline: TimelineID, before position: LSN, notBefore first: LSN,
        count: Int
    ) throws -> [ListedRecord] {
        let begin = max(first, Self.lookBack(from: position))
        guard begin < position else { return [] }
        var found: [ListedRecord] = []
        _ = try readWAL(server, .range(begin..<position, timeline: timeline)) {
            (record, mentions) throws(Problem) in
            found.append(ListedRecord(record, mentions))
            // Not one by one: what is in front would be moved each time.
            if found.count >= 2 * count { found.removeFirst(count) }
            return true
        }
        return found.suffix(count)
    }

    /// The last records that begin before a position and the first that begin at it or behind it, read at
    /// once: to know names, the catalogs are followed from a base backup on, which is long for two readings.
    ///
    /// - Parameters:
    ///   - first: nothing is read in front of it.
    ///   - count: on each side, no more than this many.
    public func records(
        of server: ServerReference, on timeline: TimelineID, around position: LSN, notBefore first: LSN,
        count: Int
    ) throws -> [ListedRecord] {
        var found = SurroundingRecords<ListedRecord>(position, count: count) { $0.start }
        let begin = max(first, Self.lookBack(from: position))
        _ = try readWAL(server, .range(begin..<LSN.max, timeline: timeline)) {
            (record, mentions) throws(Problem) in found.take(ListedRecord(record, mentions))
        }
        return found.all
    }

    private static func lookBack(from position: LSN) -> LSN {
        LSN(position.rawValue > lookBack ? position.rawValue - lookBack : 0)
    }
}
