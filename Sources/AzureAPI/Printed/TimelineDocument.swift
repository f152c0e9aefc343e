import Planning
import PostgresFormat
public import ServiceModel
public import WALEvents

/// What `pitr timeline -o json` prints.
public struct TimelineDocument: Codable, Sendable {
    public struct Backup: Codable, Sendable {
        @OrNull public var completedTimeUtc: String?
        /// Why it cannot be used; null when it is sound.
        @OrNull public var damage: String?
        public var name: String
        public var startLsn: String
        public var stopLsn: String
        public var timeline: UInt32
    }

    public struct Gap: Codable, Sendable {
        /// The last commit or abort before it.
        @OrNull public var afterUtc: String?
        /// The first one behind it.
        @OrNull public var beforeUtc: String?
        public var firstSegment: String
        public var lastSegment: String
        public var segmentCount: UInt64
    }

    /// Changes of a table's rows that are too few to be events.
    public struct Hidden: Codable, Sendable {
        public var changes: Int
        @OrNull public var database: String?
        public var largestRows: Int64
        @OrNull public var name: String?
        @OrNull public var schema: String?
        public var table: String
    }

    public struct Minute: Codable, Sendable {
        public var commits: Int
        public var timeUtc: String
    }

    /// Commits by minute; minutes without any are left out.
    public var activity: [Minute]
    public var backups: [Backup]
    @OrNull public var earliestUtc: String?
    public var events: [EventDocument]
    @OrNull public var fromUtc: String?
    public var gaps: [Gap]
    /// The tables with the most changes first.
    public var hidden: [Hidden]
    @OrNull public var latestUtc: String?
    /// Changes of fewer rows were not looked for, and are not in `hidden`; 1 where all were.
    public var leastCountedRows: Int64
    public var minRows: Int64
    public var notes: [String]
    public var resourceGroup: String
    /// How many segments were gone through, and of how many the WAL itself had to be read.
    public var segments: Int
    public var segmentsRead: Int
    public var sourceServer: String
    @OrNull public var toUtc: String?

    /// - Parameter command: what restores to just before an event.
    public init(_ history: ServerHistory, minRows: Int64, command: (WALEvent) -> String?) {
        activity = history.happened.activity.map {
            Minute(commits: $0.commits, timeUtc: $0.start.description)
        }
        backups = history.backups.map(Backup.init)
        _earliestUtc = OrNull(wrappedValue: history.earliest?.description)
        events = history.happened.events.map { EventDocument($0, restoreCommand: command($0)) }
        _fromUtc = OrNull(wrappedValue: history.from?.description)
        gaps = history.happened.gaps.map(Gap.init)
        hidden = history.happened.hidden.map {
            Hidden(
                changes: $0.changes, database: OrNull(wrappedValue: $0.table.database),
                largestRows: $0.largestRows, name: OrNull(wrappedValue: $0.table.name),
                schema: OrNull(wrappedValue: $0.table.schema), table: $0.table.description)
        }
        _latestUtc = OrNull(wrappedValue: history.latest?.description)
        leastCountedRows = history.happened.leastCountedRows
        self.minRows = minRows
        notes = history.happened.notes
        resourceGroup = history.server.resourceGroup
        segments = history.happened.segments
        segmentsRead = history.happened.segmentsRead
        sourceServer = history.server.name
        _toUtc = OrNull(wrappedValue: history.to?.description)
    }
}

extension TimelineDocument.Backup {
    init(_ backup: InventoryBackup) {
        _completedTimeUtc = OrNull(wrappedValue: backup.damage == nil ? backup.stopTime.description : nil)
        _damage = OrNull(wrappedValue: backup.damage)
        name = backup.name
        startLsn = backup.startLSN.description
        stopLsn = backup.stopLSN.description
        timeline = backup.timeline.rawValue
    }
}

extension TimelineDocument.Gap {
    init(_ gap: EventHistory.Gap) {
        _afterUtc = OrNull(wrappedValue: gap.after?.description)
        _beforeUtc = OrNull(wrappedValue: gap.before?.description)
        firstSegment = gap.first.fileName
        lastSegment = gap.last.fileName
        segmentCount = gap.count
    }
}
