import AzureAPI
import ControlPlane
import Platform
import Portal
import PostgresFormat
import ServiceModel

/// The WAL around a cut, record by record.
extension PortalPages {
    /// A page of them.
    private static let most = 50

    /// Where a restore's WAL lies.
    struct ReplayedWAL {
        /// The server that wrote it.
        var server: ServerReference
        var timeline: TimelineID
        /// Where replay begins.
        var first: LSN
        var cut: LSN
    }

    /// Those around the cut, or on one side of the position that the query has.
    func records(_ wal: ReplayedWAL) throws -> RecordList {
        var list = RecordList()
        list.cut = "\(wal.cut)"
        let back = visit.request.query["back"].flatMap { LSN($0) }
        let on = visit.request.query["on"].flatMap { LSN($0) }
        list.isAway = back != nil || on != nil
        func before(_ position: LSN, _ count: Int) throws -> [ListedRecord] {
            try controlPlane.records(
                of: wal.server, on: wal.timeline, before: position, notBefore: wal.first, count: count)
        }
        func from(_ position: LSN, _ count: Int) throws -> [ListedRecord] {
            try controlPlane.records(
                of: wal.server, on: wal.timeline, from: max(position, wal.first), count: count)
        }
        do {
            let found =
                if let back {
                    try before(back, Self.most)
                } else if let on {
                    try from(on, Self.most)
                } else {
                    try controlPlane.records(
                        of: wal.server, on: wal.timeline, around: wal.cut, notBefore: wal.first,
                        count: Self.most / 2)
                }
            list.records = found.map { record in
                RecordList.Record(
                    lsn: "\(record.start)", xid: record.xid == .none ? "" : "\(record.xid)",
                    kind: record.kind, sentence: record.sentence, names: record.mentions.words,
                    isLeftOut: record.start >= wal.cut)
            }
            if let first = found.first, first.start > wal.first { list.earlier = "\(first.start)" }
            if let last = found.last { list.later = "\(last.end)" }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .canceled else { throw problem }
            list.problem = problem.message
        }
        return list
    }
}
