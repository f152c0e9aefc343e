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

    /// Those around the cut, or on one side of the position that the query has.
    func records(_ wal: ReplayedWAL) throws -> RecordList {
        var list = RecordList()
        list.cut = "\(wal.cut)"
        let back = visit.request.query["back"].flatMap { LSN($0) }
        let on = visit.request.query["on"].flatMap { LSN($0) }
        list.isAway = back != nil || on != nil
        do {
            let place: RecordPlace = back.map { .before($0) } ?? on.map { .from($0) } ?? .aroundCut
            let page = try controlPlane.records(of: wal, place, count: Self.most)
            list.records = page.records.map { record in
                RecordList.Record(
                    lsn: "\(record.start)", xid: record.xid == .none ? "" : "\(record.xid)",
                    kind: record.kind, sentence: record.sentence, names: record.mentions.words,
                    isLeftOut: record.start >= wal.cut)
            }
            list.earlier = page.earlier.map { "\($0)" }
            list.later = page.later.map { "\($0)" }
            list.notes = page.notes
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .canceled else { throw problem }
            list.problem = problem.message
        }
        return list
    }
}
