import Holdings
import Planning
import Platform
public import PostgresFormat
import Repository
public import ServiceModel
public import WALEvents

/// A record of the WAL as a list shows it.
public struct ListedRecord: PlacedRecord, Sendable {
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

/// The WAL of a restore, as a list of its records goes through it.
public struct ReplayedWAL: Sendable {
    /// The server that wrote it.
    public var server: ServerReference
    /// The one that replay ends on.
    public var timeline: TimelineID
    /// Where replay begins, on that timeline or on an ancestor of it.
    public var first: LSN
    /// Where replay ends.
    public var cut: LSN

    public init(server: ServerReference, timeline: TimelineID, first: LSN, cut: LSN) {
        self.server = server
        self.timeline = timeline
        self.first = first
        self.cut = cut
    }
}

/// Which records of a restore's WAL are wanted.
public enum RecordPlace: Sendable {
    /// As many in front of the cut as behind it.
    case aroundCut
    /// The last that begin before a position.
    case before(LSN)
    /// The first that begin at a position or behind it.
    case from(LSN)
}

/// A few records of the WAL, and where others are.
public struct RecordPage: Sendable {
    public var records: [ListedRecord]
    /// Where the page before this one ends; nil where there is none.
    public var earlier: LSN?
    /// Where the page behind this one begins; nil where there is none.
    public var later: LSN?
    /// What was not read, in sentences.
    public var notes: [String]
}

/// A few records at a time, forwards and backwards, also from a timeline to the one that it came from.
extension ControlPlane {
    /// Some of the records that a restore replays or leaves out.
    ///
    /// No more WAL is read than a page can wait for: 64 MiB, or two seconds from the first record on, and at
    /// least that one. What it takes to know the names there no page can do without.
    ///
    /// - Parameter count: no more than this many.
    public func records(of wal: ReplayedWAL, _ place: RecordPlace, count: Int) throws -> RecordPage {
        let archive = WALArchive(layout: layout(try find(wal.server, .kept)))
        let history = try HeldHistories(archive).parsed[wal.timeline] ?? TimelineHistory(root: wal.timeline)
        let watch = Stopwatch()
        var first: Double?
        var pager = RecordPager<ListedRecord>(
            stretches: WALStretch.all(from: wal.first, history, try archive.layout.identity().segmentSize),
            count: count
        ) { timeline, range, visit in
            _ = try self.readWAL(wal.server, .range(range, timeline: timeline)) {
                (record, mentions) throws(Problem) in
                if first == nil { first = watch.seconds }
                return visit(ListedRecord(record, mentions))
            }
        }
        pager.elapsed = { first.map { watch.seconds - $0 } ?? 0 }
        let page =
            switch place {
            case .aroundCut: try pager.around(wal.cut)
            case .before(let position): try pager.before(position)
            case .from(let position): try pager.from(position)
            }
        return RecordPage(
            records: page.records, earlier: page.earlier, later: page.later, notes: page.notes)
    }
}
