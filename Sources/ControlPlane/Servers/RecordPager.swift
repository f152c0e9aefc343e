import Platform
import PostgresFormat

/// Where a record of the WAL lies.
protocol PlacedRecord {
    var start: LSN { get }
    var end: LSN { get }
}

/// What a pager reads on one timeline, up to where the next one begins.
struct WALStretch: Hashable {
    var timeline: TimelineID
    var from: LSN

    /// Those of a restore's WAL in their order: a timeline's segments begin with the one that holds the fork,
    /// which has what the parent wrote up to there as well.
    ///
    /// - Parameters:
    ///   - first: where replay begins.
    ///   - history: of the timeline that replay ends on.
    static func all(from first: LSN, _ history: TimelineHistory, _ size: WALSegmentSize) -> [WALStretch] {
        var all: [WALStretch] = []
        var from = first
        for entry in history.entries {
            let fork = SegmentName(timeline: entry.timeline, containing: entry.end, size: size).start
            guard fork > from else { continue }
            all.append(WALStretch(timeline: entry.timeline, from: from))
            from = fork
        }
        return all + [WALStretch(timeline: history.timeline, from: from)]
    }
}

/// Pages of records along several timelines, each with no more WAL read, and no longer, than there is
/// patience for.
struct RecordPager<Record: PlacedRecord> {
    struct Page {
        var records: [Record] = []
        /// Where the page before this one ends; nil where there is none.
        var earlier: LSN?
        /// Where the page behind this one begins; nil where there is none.
        var later: LSN?
        /// What was not read.
        var notes: [String] = []
    }

    /// Visits the records of a timeline that begin in a range, in order, until the answer is false.
    typealias Reading = (TimelineID, Range<LSN>, _ visit: (Record) -> Bool) throws -> Void

    /// In order; at least one.
    let stretches: [WALStretch]
    /// In records: no page has more.
    let count: Int
    /// Bytes that are read in front of a position at first.
    var step: UInt64 = 1 << 20
    /// Bytes of WAL behind which a page ends, whatever it has.
    var limit: UInt64 = 64 << 20
    let read: Reading
    /// For how many seconds the page has been read, and for how many it may be; it has at least one record
    /// all the same, or goes back by at least one step.
    var elapsed: () -> Double = { 0 }
    var patience = 2.0

    private var isLate: Bool { elapsed() >= patience }

    private var first: LSN { stretches[0].from }

    private func end(of index: Int) -> LSN { index + 1 < stretches.count ? stretches[index + 1].from : .max }

    // MARK: Forwards

    func from(_ position: LSN) throws -> Page {
        var page = Page()
        let begin = max(position, first)
        try go(on: begin, count, &page)
        if page.records.isEmpty { page.earlier = begin > first ? begin : nil } else { settle(&page) }
        return page
    }

    private func go(on begin: LSN, _ count: Int, _ page: inout Page) throws {
        var found: [Record] = []
        var isOver = false
        var isStopped = false
        for index in stretches.indices where end(of: index) > begin && !isOver {
            let range = max(begin, stretches[index].from)..<end(of: index)
            try read(stretches[index].timeline, range) { record in
                found.append(record)
                isStopped = record.end.distance(from: begin) > limit || isLate
                isOver = found.count >= count || isStopped
                return !isOver
            }
        }
        if found.count < count, isStopped, let last = found.last { page.notes.append(stopped(at: last.end)) }
        page.records += found
    }

    private func stopped(at position: LSN) -> String {
        "The page ends at \(position): to read more would take too long. Later records go on from there."
    }

    // MARK: Backwards

    func before(_ position: LSN) throws -> Page {
        var page = Page()
        try goBack(from: position, count, &page)
        settle(&page)
        if page.records.isEmpty, page.earlier == nil, position > first { page.later = position }
        return page
    }

    private func goBack(from position: LSN, _ count: Int, _ page: inout Page) throws {
        var upper = position
        for stretch in stretches.reversed() where stretch.from < upper {
            var reach = step
            var low = upper
            var found: [Record] = []
            repeat {
                let begun = elapsed()
                low = max(stretch.from, upper.rawValue > reach ? LSN(upper.rawValue - reach) : LSN(0))
                found = []
                do {
                    let missing = count - page.records.count
                    try read(stretch.timeline, low..<upper) { record in
                        found.append(record)
                        // Not one by one: what is in front would be moved each time.
                        if found.count >= 2 * missing { found.removeFirst(missing) }
                        return true
                    }
                } catch {
                    let problem = ControlPlane.problem(from: error)
                    guard upper < position || !page.records.isEmpty, problem.code.httpStatus < 500,
                        problem.code != .canceled
                    else { throw error }
                    page.notes.append("Before \(upper), on timeline \(stretch.timeline): \(problem.message)")
                    return
                }
                guard found.isEmpty, low > stretch.from else { break }
                // The next one reads eight times as much, and cannot be stopped where no record begins.
                let took = elapsed() - begun
                guard reach < limit, elapsed() + took * 8 < patience else {
                    page.earlier = low
                    page.notes.append(
                        "No record begins between \(low) and \(upper): one is very large. Earlier records go "
                            + "on from there.")
                    return
                }
                reach = min(reach * 8, limit)
            } while true
            page.records = found.suffix(count - page.records.count) + page.records
            if page.records.count >= count || low > stretch.from { return }
            upper = stretch.from
            guard !isLate else { return goOn(before: upper, &page) }
        }
    }

    /// Ends a page that has been read for long enough: those before the position are for the next one.
    private func goOn(before position: LSN, _ page: inout Page) {
        guard position > first, page.records.count < count else { return }
        page.earlier = position
        page.notes.append(
            "To read what begins before \(position) would take too long: earlier records go on from there.")
    }

    // MARK: Both ways

    /// The nearest records on both sides of a position, half of a page on each.
    ///
    /// Read at once where that is possible: to know names, the catalogs are followed from a base backup on.
    func around(_ position: LSN) throws -> Page {
        var page = Page()
        let index = stretches.lastIndex { $0.from <= position } ?? 0
        let low = max(
            stretches[index].from, position.rawValue > step ? LSN(position.rawValue - step) : LSN(0))
        let half = max(1, count / 2)
        var found = SurroundingRecords<Record>(position, count: half) { $0.start }
        var isLong = false
        try read(stretches[index].timeline, low..<end(of: index)) { record in
            let goesOn = found.take(record)
            isLong =
                record.start >= position && (record.end.distance(from: position) > limit || isLate)
            return goesOn && !isLong
        }
        let all = found.all
        let near = all.filter { $0.start < position }
        let behind = all.count - near.count
        page.records = near
        if near.count < half, low == stretches[index].from || near.isEmpty {
            if isLate {
                goOn(before: low, &page)
            } else {
                try goBack(from: near.isEmpty ? position : stretches[index].from, half, &page)
            }
        }
        page.records += all.suffix(behind)
        let goesOn = behind < half && end(of: index) != .max
        if isLong && behind < half || goesOn && isLate && behind > 0, let last = all.last {
            page.notes.append(stopped(at: last.end))
        } else if goesOn {
            try go(on: end(of: index), half - behind, &page)
        }
        settle(&page)
        return page
    }

    private func settle(_ page: inout Page) {
        if let record = page.records.first, page.earlier == nil, record.start > first {
            page.earlier = record.start
        }
        if let record = page.records.last { page.later = record.end }
    }
}
