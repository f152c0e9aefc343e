public import Platform
import PostgresFormat
public import ServiceModel

/// Decisions about rows in conflict, put to the rows that they name.
///
/// A decision was made by somebody who looked at values: it counts where all of them are as they were, byte
/// by byte, and is refused anywhere else. A row is decided as a whole. It gets its old values only where each
/// of its cells in conflict was looked at: one that was written meanwhile would be overwritten unseen.
public struct ConflictDecisions: Sendable {
    /// What tells a cell from others.
    private struct Place: Hashable {
        var key: Cell
        var column: Cell
        var values: Cells

        init(_ decision: ConflictDecision) {
            key = Cell(decision.key)
            column = Cell(decision.column)
            values = [decision.before, decision.after, decision.now].map { $0.map { Cell($0) } }
        }

        init(_ row: JudgedRow, _ key: String, _ shape: TableShape, _ place: Int) {
            self.key = Cell(key)
            column = Cell(shape.columns[place].name)
            values = [row.before, row.after, row.now].map { $0?[place] }
        }
    }

    /// By table: those that no row in conflict was found for yet.
    private var waiting: [Cell: [Place: [ConflictDecision]]] = [:]

    /// - Throws: `.usage` where a row is decided twice.
    public init(_ decisions: [ConflictDecision]) throws(Problem) {
        var ofRow: [Cells: ConflictDecision] = [:]
        for decision in decisions {
            let (table, place) = (Cell(decision.table), Place(decision))
            // Rows without a key may be alike.
            if UndoRows.isKeyOfOneRow(decision.key) {
                if let other = waiting[table]?[place]?.first { throw Self.twice(other, decision) }
                let row = ofRow[[table, place.key]]
                if let row, row.choice != decision.choice { throw Self.twice(row, decision) }
                ofRow[[table, place.key]] = decision
            }
            waiting[table, default: [:]][place, default: []].append(decision)
        }
    }

    /// Gives the rows in conflict what was decided about them. Rows may come to be in conflict later.
    public mutating func apply(to plan: inout UndoPlan) throws(Problem) {
        for index in plan.tables.indices {
            let name = Cell(plan.tables[index].shape.name.description)
            guard var entries = waiting[name] else { continue }
            let whole = entries
            let found = Self.places(of: plan.tables[index], among: entries) { $0.verdict.isConflict }
            for (place, rows) in found {
                guard let decided = entries.removeValue(forKey: place), let first = decided.first else {
                    continue
                }
                if decided.count > rows.count { throw Self.twice(first, decided[rows.count]) }
                guard decided.count == rows.count, decided.allSatisfy({ $0.choice == first.choice }) else {
                    throw Self.refused(
                        first, "\(rows.count) rows are alike there, and not all of them are decided alike")
                }
                for row in rows { try Self.decide(&plan.tables[index].rows[row], first) }
            }
            try Self.checkCells(of: plan.tables[index], found.keys, entries: whole)
            waiting[name] = entries.isEmpty ? nil : entries
        }
        try Self.checkHalves(plan)
    }

    /// Refuses decisions that no row in conflict was found for.
    ///
    /// - Parameter isStopped: whether rows that PostgreSQL does not admit were not looked for yet.
    public func finish(_ plan: UndoPlan, isStopped: Bool) throws(Problem) {
        for (name, entries) in waiting {
            let known = plan.tables.filter { Cell($0.shape.name.description) == name }
                .reduce(into: Set<Place>()) { known, table in
                    known.formUnion(Self.places(of: table, among: entries) { _ in true }.keys)
                }
            let unknown = entries.filter { !known.contains($0.key) || !isStopped }
            let first = unknown.flatMap(\.value).min { ($0.line ?? 0) < ($1.line ?? 0) }
            guard let first else { continue }
            throw Self.refused(
                first,
                known.contains(Place(first))
                    ? "that row is not in conflict" : "no row in conflict has these values there")
        }
    }

    private static func places(
        of table: UndoPlan.Table, among entries: [Place: [ConflictDecision]],
        where isWanted: (JudgedRow) -> Bool
    ) -> [Place: [Int]] {
        var found: [Place: [Int]] = [:]
        for (number, row) in table.rows.enumerated() where isWanted(row) {
            let key = UndoRows.key(of: row, table.shape)
            for column in Set(row.damaged + row.conflicts) {
                let place = Place(row, key, table.shape, column)
                if entries[place] != nil { found[place, default: []].append(number) }
            }
        }
        return found
    }

    private static func decide(_ row: inout JudgedRow, _ decision: ConflictDecision) throws(Problem) {
        if decision.choice == .before, !row.mayBeForced {
            throw refused(
                decision, row.reason ?? "the row is \(row.verdict.rawValue)",
                hint: "It cannot get its old values: decide skip or now.")
        }
        if let isThere = decision.isThere, isThere != (row.now != nil) {
            throw refused(decision, isThere ? "the row has been deleted since" : "the row is there again")
        }
        if let other = row.decision, other != decision.choice {
            throw refused(decision, "another line decides \(other.rawValue) for the same row")
        }
        row.decision = decision.choice
    }

    /// Refuses old values for a row of which a cell in conflict was not looked at.
    private static func checkCells(
        of table: UndoPlan.Table, _ seen: some Sequence<Place>, entries: [Place: [ConflictDecision]]
    ) throws(Problem) {
        let seen = Set(seen)
        for row in table.rows where row.decision == .before && row.verdict.isConflict {
            let key = UndoRows.key(of: row, table.shape)
            let places = row.undecided.map { ($0, Place(row, key, table.shape, $0)) }
            guard let one = places.lazy.compactMap({ entries[$0.1]?.first }).first,
                let (column, _) = places.first(where: { !seen.contains($0.1) })
            else { continue }
            throw refused(
                one,
                "column \(table.shape.columns[column].name.visible()) of that row is in conflict as well, and no "
                    + "line decides it with the values that it has now")
        }
    }

    /// A row that was taken to another partition goes back whole or not at all.
    private static func checkHalves(_ plan: UndoPlan) throws(Problem) {
        var halves: [Int: JudgedRow] = [:]
        for table in plan.tables {
            for row in table.rows {
                guard let move = row.move, row.verdict.isConflict else { continue }
                guard let other = halves.updateValue(row, forKey: move), other.decision != row.decision
                else { continue }
                throw Problem(
                    .usage, "half of a row is decided",
                    detail: "row \(UndoRows.key(of: row, table.shape)) of \(table.shape.name) was taken from "
                        + "one partition to another",
                    hint: "Decide the lines of both partitions alike.")
            }
        }
    }

    // MARK: Refusals

    private static func twice(_ one: ConflictDecision, _ other: ConflictDecision) -> Problem {
        refused(other, "it is decided already" + (one.line.map { ", on line \($0)" } ?? ""))
    }

    private static func refused(
        _ decision: ConflictDecision, _ reason: String,
        hint: String = "Take the lines of a newer conflicts.csv: the row may have been written since."
    ) -> Problem {
        let place = decision.line.map { "line \($0): " } ?? ""
        let row = "\(decision.table) \(decision.key), column \(decision.column)".visible()
        return Problem(
            .usage, "a decision about a row in conflict cannot be taken", detail: "\(place)\(row): \(reason)",
            hint: hint)
    }
}

extension JudgedRow {
    /// Whether a script can give it its old values, whatever was written since.
    public var mayBeForced: Bool {
        !isLost && [.conflict, .keyTakenNow, .changedSince].contains(verdict)
    }
}
