public import Planning
import PostgresFormat

/// What the last check of a server's WAL archive found.
public struct ArchiveVerdictDocument: Codable, Hashable, Sendable {
    public var findingCount: Int
    /// What is missing or damaged, in words: the first ones.
    public var findings: [String]
    public var isWhole: Bool
    /// Null of an empty archive.
    @OrNull public var lastSegment: String?
    /// The backup whose replay begins at `neededFrom`.
    @OrNull public var neededBy: String?
    /// Null where there is no backup that can be used.
    @OrNull public var neededFrom: String?
    public var records: UInt64
    public var segments: Int
    /// UTC with microseconds.
    public var timeUtc: String

    public init(_ verdict: ArchiveVerdict) {
        findingCount = verdict.findingCount
        findings = verdict.findings
        isWhole = verdict.isSound
        records = verdict.records
        segments = verdict.segments
        timeUtc = verdict.time.description
        lastSegment = verdict.last
        neededBy = verdict.neededBy
        neededFrom = verdict.neededFrom
    }
}
