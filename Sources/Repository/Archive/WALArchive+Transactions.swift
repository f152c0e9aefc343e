public import Planning
public import Platform
public import PostgresFormat
import WALEvents

extension WALArchive {
    /// What a segment's index tells of a transaction's number; nil where there is no index to be believed.
    ///
    /// - Parameter predecessor: the segment before on the same timeline, if it is stored.
    public func told(
        of transaction: TransactionID, in segment: ArchivedSegment, after predecessor: ArchivedSegment?
    ) throws(Problem) -> ToldTransaction? {
        let stored = try storedIndex(of: segment, after: predecessor, extent: .detail)
        guard let index = stored.index, let detail = index.detail else { return nil }
        var records = detail.ends.filter {
            $0.xid == transaction || $0.subtransactions.contains(transaction)
        }.map(RecordFacts.init)
        records += Self.checkpoints(index)
        records.sort { $0.start < $1.start }
        return ToldTransaction(records: records, isJoined: index.summary.isJoined)
    }

    /// The checkpoints that a segment's index tells of; nil where there is no index to be believed.
    public func checkpoints(
        in segment: ArchivedSegment, after predecessor: ArchivedSegment?
    ) throws(Problem) -> [RecordFacts]? {
        try storedIndex(of: segment, after: predecessor).index.map(Self.checkpoints)
    }

    private static func checkpoints(_ index: SegmentIndex) -> [RecordFacts] {
        var records: [RecordFacts] = []
        for kept in index.kept {
            kept.withRecord { record in
                if record.checkpoint != nil { records.append(RecordFacts(record)) }
            }
        }
        return records
    }
}

extension RecordFacts {
    fileprivate init(_ end: IndexedTransactionEnd) {
        self.init(
            start: end.start, end: end.end,
            transaction: TransactionEnd(
                kind: end.kind, xid: end.xid, time: end.time, start: end.start, end: end.end),
            hazards: end.kind == .prepare ? .prepare : [])
        subtransactions = end.subtransactions
    }
}
