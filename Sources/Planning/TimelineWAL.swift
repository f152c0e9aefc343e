import PostgresFormat

/// The segments of one timeline and its ancestors in order, with the records that cross from one into the
/// next counted in.
///
/// A summary knows the records that are whole inside its segment. A commit that begins at a segment's end and
/// finishes in the next one is put together here from both, so that no record is ever overlooked.
struct TimelineWAL {
    /// One segment and what it says of the records that *start* in it.
    struct Entry {
        let segment: InventorySegment
        let maxStopTime: PostgresTimestamp?
        /// The last commit, abort or prepare that starts here.
        let lastEnd: TransactionEnd?
        let hazards: SegmentHazards
        /// Whether the WAL goes on behind the segment.
        let isComplete: Bool
    }

    let timeline: TimelineID
    let entries: [Entry]

    init(timeline: TimelineID, segments: [InventorySegment]) {
        self.timeline = timeline
        let sorted = segments.sorted { $0.name.number < $1.name.number }
        var entries: [Entry] = []
        entries.reserveCapacity(sorted.count)
        var isSwitchedInto = false
        for (index, segment) in sorted.enumerated() {
            let summary = segment.summary
            var maxStop = summary.maxStopTime
            var last = summary.lastEnd
            var hazards = summary.hazards
            let isComplete = summary.isComplete || isSwitchedInto
            isSwitchedInto = false
            if index + 1 < sorted.count, sorted[index + 1].name.number == segment.name.number + 1,
                let crossing = join(tail: summary, head: sorted[index + 1].summary),
                Self.holds(crossing.end, sorted[(index + 1)...])
            {
                hazards.formUnion(crossing.hazards)
                // The header does not tell the level that was changed to: the record has to be looked at.
                if crossing.hazards.contains(.parameterChange) { hazards.insert(.walLevelMinimal) }
                isSwitchedInto = crossing.isSwitch(endingIn: sorted[index + 1].summary)
                if let end = crossing.transactionEnd {
                    last = end
                    if end.kind.canStopRecovery { maxStop = max(maxStop ?? end.time, end.time) }
                }
            }
            entries.append(
                Entry(
                    segment: segment, maxStopTime: maxStop, lastEnd: last, hazards: hazards,
                    isComplete: isComplete))
        }
        self.entries = entries
    }

    /// Whether the segments, the first of which follows on, can be read without a gap as far as `end`.
    private static func holds(_ end: LSN, _ segments: ArraySlice<InventorySegment>) -> Bool {
        var number = segments.first?.name.number ?? 0
        for segment in segments {
            guard segment.name.number == number else { return false }
            if case .endsAt(let readable, _) = segment.summary.outcome { return end <= readable }
            if end <= segment.name.end { return true }
            number += 1
        }
        return false
    }

    func index(of number: UInt64) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].segment.name.number < number { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].segment.name.number == number ? low : nil
    }

    /// The number of the first segment missing from `first` through `last`; nil when all are there.
    func firstGap(from first: UInt64, through last: UInt64) -> UInt64? {
        guard var index = index(of: first) else { return first }
        var number = first
        while number < last {
            index += 1
            number += 1
            guard index < entries.count, entries[index].segment.name.number == number else { return number }
        }
        return nil
    }

    /// The number of the last segment that follows on `first` without a gap; nil when `first` itself is
    /// missing.
    func lastContiguous(from first: UInt64) -> UInt64? {
        guard var index = index(of: first) else { return nil }
        while index + 1 < entries.count,
            entries[index + 1].segment.name.number == entries[index].segment.name.number + 1
        {
            index += 1
        }
        return entries[index].segment.name.number
    }
}

extension StraddlingRecord {
    /// Whether it is a switch to a new segment and the last record of the one that it ends in: zeros fill the
    /// rest.
    fileprivate func isSwitch(endingIn summary: SegmentSummary) -> Bool {
        resourceManager == .xlog && info & 0xF0 == XLogOperation.switchSegment
            && summary.outcome == .endsAt(end, .zeroedTail)
    }
}
