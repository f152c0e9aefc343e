import WALEvents

/// Counts the changes of rows that are too small to be told one by one.
struct HiddenChanges {
    private let least: Int64
    private let sparesLargeShares: Bool
    private var tables: [EventObject: EventHistory.Hidden] = [:]
    /// Rows that tables have by the changes that were met.
    private var sizes: [EventObject: Int64] = [:]
    /// Changes of few rows that are large for their table, by table.
    private var shares: [EventObject: EventHistory.Hidden] = [:]

    /// - Parameter sparesLargeShares: whether what is large for its table is told nevertheless.
    init(below least: Int64, sparesLargeShares: Bool) {
        self.least = least
        self.sparesLargeShares = sparesLargeShares
    }

    /// Whether the event is not told: it is one of them, and is counted then, or was not asked for.
    mutating func takes(_ event: WALEvent, isAskedFor: Bool) -> Bool {
        let isLarge = sparesLargeShares && isLargeShare(event)
        note(event)
        guard isAskedFor else { return true }
        guard let rows = event.rows, rows < least else { return false }
        guard isLarge else {
            Self.count(rows, of: event.object, in: &tables)
            return true
        }
        guard rows < SegmentIndex.bulkRows else { return false }
        Self.count(rows, of: event.object, in: &shares)
        return isUsual(event)
    }

    /// Whether it turned out that a table has so many changes of few rows, large as they are for it, that
    /// none of them is told.
    func isUsual(_ event: WALEvent) -> Bool {
        guard let rows = event.rows, rows < min(least, SegmentIndex.bulkRows),
            let share = shares[event.object]
        else { return false }
        return share.changes > EventQuery.mostLargeShares
    }

    private func isLargeShare(_ event: WALEvent) -> Bool {
        guard event.action != .insert, let rows = event.rows, rows > 1 else { return false }
        guard let size = [sizes[event.object], event.tableSize.rows].compactMap({ $0 }).max() else {
            // A table of unknown name is none of which anything is known.
            return event.object.name != nil && rows >= EventQuery.largeOfUncounted
        }
        return size > 0 && rows * EventQuery.largeShare >= size
    }

    private mutating func note(_ event: WALEvent) {
        switch event.action {
        case .insert: sizes[event.object, default: 0] += event.rows ?? 0
        case .delete:
            guard let size = sizes[event.object] else { return }
            sizes[event.object] = max(0, size - (event.rows ?? 0))
        case .truncate, .drop: sizes[event.object] = nil
        default: break
        }
    }

    private static func count(
        _ rows: Int64, of table: EventObject, in counts: inout [EventObject: EventHistory.Hidden]
    ) {
        var counted = counts[table] ?? EventHistory.Hidden(table: table, changes: 0, largestRows: 0)
        counted.changes += 1
        counted.largestRows = max(counted.largestRows, rows)
        counts[table] = counted
    }

    /// The tables with the most changes first.
    var all: [EventHistory.Hidden] {
        var all = tables
        for (table, share) in shares where share.changes > EventQuery.mostLargeShares {
            var counted = all[table] ?? EventHistory.Hidden(table: table, changes: 0, largestRows: 0)
            counted.changes += share.changes
            counted.largestRows = max(counted.largestRows, share.largestRows)
            all[table] = counted
        }
        return all.values.sorted {
            ($1.changes, $0.table.description) < ($0.changes, $1.table.description)
        }
    }
}
