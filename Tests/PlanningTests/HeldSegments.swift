import Planning
import PostgresFormat
import TestKit

/// Segments in memory: summarised as an archive would, and read record by record as a restore would.
struct HeldSegments {
    private(set) var segments: [InventorySegment] = []
    private var bytes: [SegmentName: [UInt8]] = [:]
    private var opened: [SegmentName: [RecordFacts]] = [:]
    var damaged: [DamagedSegment] = []
    var backups: [InventoryBackup] = []
    var latest: PostgresTimestamp?
    /// Segments with an index, and those of them that were made without the segment ahead; both are told
    /// only after `open`.
    var indexed: Set<SegmentName> = []
    var unjoined: Set<SegmentName> = []

    mutating func add(_ name: SegmentName, _ content: [UInt8]) {
        var summarizer = SegmentSummarizer(name: name)
        content.withUnsafeBytes { summarizer.feed($0) }
        segments.append(InventorySegment(name: name, summary: summarizer.finish()))
        bytes[name] = content
    }

    /// Reads every segment once, for tests that plan often.
    mutating func open() {
        for segment in segments {
            var found: [RecordFacts] = []
            read(segment.name) { record in
                found.append(record)
                return true
            }
            opened[segment.name] = found
        }
    }

    var inventory: Inventory {
        Inventory(
            serverName: "orders", segmentSize: WALCraft.smallSegment, backups: backups, segments: segments,
            damaged: damaged, latest: latest)
    }

    func plan(_ target: RecoveryTarget, mode: TargetMode = .automatic) throws -> RestorePlan {
        try RestorePlanner(inventory: inventory, source: self).plan(
            target, mode: mode, now: CraftedWAL.time(200_000))
    }

    /// The refusal that planning ends with; nil if there is a plan.
    func refusal(_ target: RecoveryTarget, mode: TargetMode = .automatic) throws -> Refusal? {
        do {
            _ = try plan(target, mode: mode)
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    private func read(_ segment: SegmentName, _ visit: (RecordFacts) -> Bool) {
        var decoder = WALDecoder(start: segment.start, segmentSize: segment.size)
        var current = segment
        var stopped = false
        while let content = bytes[current], !stopped {
            let end = content.withUnsafeBytes { pages in
                decoder.feed(pages) { record in
                    let goesOn =
                        record.start < segment.end
                        && visit(RecordFacts(record))
                    stopped = !goesOn
                    return goesOn
                }
            }
            if end != nil || decoder.tailFragment == nil { return }
            current = current.next
        }
    }
}

extension HeldSegments: RecordSource {
    func records(startingIn segment: SegmentName, _ visit: (RecordFacts) -> Bool) throws {
        guard let known = opened[segment] else { return read(segment, visit) }
        for record in known where !visit(record) { return }
    }

    func told(of transaction: TransactionID, in segment: SegmentName) throws -> ToldTransaction? {
        guard indexed.contains(segment) else { return nil }
        return ToldTransaction(
            records: ending(in: segment).filter { record in
                record.transaction?.xid == transaction || record.subtransactions.contains(transaction)
                    || record.nextTransaction != nil
            }, isJoined: !unjoined.contains(segment))
    }

    func checkpoints(in segment: SegmentName) throws -> [RecordFacts]? {
        indexed.contains(segment) ? ending(in: segment).filter { $0.nextTransaction != nil } : nil
    }

    /// What an index would have been made from.
    private func ending(in segment: SegmentName) -> [RecordFacts] {
        segments.flatMap { opened[$0.name] ?? [] }.filter { record in
            (record.end.rawValue - 1) / segment.size.bytes == segment.number
                && (!unjoined.contains(segment) || record.start >= segment.start)
        }
    }
}
