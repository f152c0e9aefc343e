public import PostgresFormat

/// What the last check of a WAL archive found.
public struct ArchiveVerdict: Hashable, Sendable {
    public var time: PostgresTimestamp
    public var isSound: Bool
    public var segments: Int
    public var records: UInt64
    /// The last segment that there was; nil of an empty archive.
    public var last: String?
    /// The first segment that a backup needs; nil where there is no backup that can be used.
    public var neededFrom: String?
    /// The backup whose replay begins there.
    public var neededBy: String?
    /// What is missing or damaged, a line each: the first ones.
    public var findings: [String]
    /// Of all of them.
    public var findingCount: Int

    /// What is kept of findings.
    static let most = 200

    public init(
        time: PostgresTimestamp, isSound: Bool, segments: Int, records: UInt64, findings: [String],
        findingCount: Int
    ) {
        self.time = time
        self.isSound = isSound
        self.segments = segments
        self.records = records
        self.findings = findings
        self.findingCount = findingCount
    }

    public init(_ report: ArchiveReport, at time: PostgresTimestamp) {
        let all = report.findings
        self.init(
            time: time, isSound: report.isSound, segments: report.segments.count,
            records: report.segments.reduce(0) { $0 + $1.records }, findings: Array(all.prefix(Self.most)),
            findingCount: all.count)
        last = report.segments.last?.fileName
        neededFrom = report.need?.segment.fileName
        neededBy = report.need?.backup
    }
}
