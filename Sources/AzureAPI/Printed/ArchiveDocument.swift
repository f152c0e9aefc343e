public import Planning
import PostgresFormat

/// What was found in a WAL archive, as `pitr wal verify` prints it.
public struct ArchiveDocument: Codable, Sendable {
    public struct Gap: Codable, Hashable, Sendable {
        public var count: UInt64
        public var first: String
        public var last: String
    }

    public struct Need: Codable, Hashable, Sendable {
        public var backup: String
        public var lsn: String
        public var segment: String
    }

    public struct Segment: Codable, Hashable, Sendable {
        /// Null where nothing is wrong.
        @OrNull public var damage: String?
        /// Null where the WAL goes on behind it.
        @OrNull public var logEnd: String?
        @OrNull public var logEndReason: String?
        public var name: String
        @OrNull public var postgresVersion: Int?
        public var rawBytes: UInt64
        public var records: UInt64
        public var start: String
        public var storedBytes: UInt64
        public var timeline: UInt32
    }

    public struct Timeline: Codable, Hashable, Sendable {
        @OrNull public var beganAt: String?
        @OrNull public var damage: String?
        public var first: String
        public var last: String
        @OrNull public var parent: UInt32?
        public var segments: Int
        public var timeline: UInt32
    }

    /// Each thing that is wrong, in words.
    public var findings: [String]
    public var gaps: [Gap]
    public var isWhole: Bool
    /// Null where there is no backup that can be used.
    @OrNull public var neededFrom: Need?
    public var segments: [Segment]
    public var strangers: [String]
    public var timelines: [Timeline]

    public init(_ archive: ArchiveReport, findings: [String]) {
        self.findings = findings
        gaps = archive.gaps.map { Gap(count: $0.count, first: $0.first.fileName, last: $0.last.fileName) }
        isWhole = archive.isSound
        segments = archive.segments.map(Segment.init)
        strangers = archive.strangers
        timelines = archive.timelines.map(Timeline.init)
        neededFrom = archive.need.map {
            Need(backup: $0.backup, lsn: $0.lsn.description, segment: $0.segment.fileName)
        }
    }
}

extension ArchiveDocument.Segment {
    init(_ segment: ArchiveReport.Segment) {
        name = segment.fileName
        rawBytes = segment.rawBytes
        records = segment.records
        start = segment.name.start.description
        storedBytes = segment.storedBytes
        timeline = segment.name.timeline.rawValue
        damage = segment.damage
        logEnd = segment.end?.position.description
        logEndReason = segment.end?.explanation
        postgresVersion = segment.version?.rawValue
    }
}

extension ArchiveDocument.Timeline {
    init(_ line: ArchiveReport.Timeline) {
        first = line.first.fileName
        last = line.last.fileName
        segments = line.segments
        timeline = line.timeline.rawValue
        beganAt = line.parent?.end.description
        damage = line.damage
        parent = line.parent?.timeline.rawValue
    }
}
