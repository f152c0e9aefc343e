public import Planning
import PostgresFormat

/// A commit, abort or prepare record at the edge of a restore.
public struct BoundaryDocument: Codable, Sendable, Hashable {
    public var endLsn: String
    public var kind: String
    public var lsn: String
    public var timeUtc: String
    public var xid: UInt32

    public init(_ record: BoundaryRecord) {
        endLsn = record.endLSN.description
        kind = record.kind.description
        lsn = record.lsn.description
        timeUtc = record.time.description
        xid = record.xid
    }
}
