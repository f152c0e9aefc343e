import Catalog
import Planning
import Platform
import PostgresFormat
import Repair
import ServiceModel

/// What is shown of a result without its files.
extension KeptResult {
    /// Rows of one table, and of one result, that are shown.
    private static let rowsOfTable = 25
    private static let rowsOfAll = 200
    /// Of `conflictRuns` of one table.
    private static let mostRuns = 5000
    /// Of a value, in scalars.
    private static let longestValue = 300

    init(_ result: UndoResult, _ request: UndoRequest, _ operation: RunningOperation, of row: ServerRow) {
        let plan = result.plan
        self.init(
            id: operation.id, of: row, .undo(request), subject: plan.subject, operation,
            summary: request.isPreview ? "Verdicts only: no script was written." : result.proofWords,
            sides: ["before", "after", "now"])
        if request.isPreview || result.proof == .stopped { shown = result.found }
        var room = Self.rowsOfAll
        var record = 0
        var decidedBesides = 0
        for table in plan.tables {
            // A stable order: rows in conflict are what somebody has to look at.
            let conflicts = table.rows.filter(\.verdict.isConflict)
            let others = table.rows.lazy.filter { !$0.verdict.isConflict }
            let limit = min(Self.rowsOfTable, room)
            var shown = Array(conflicts.prefix(limit))
            shown += others.prefix(limit - shown.count)
            var rows = shown.map { Self.row($0, table.shape) }
            for (place, row) in conflicts.enumerated() {
                if place < shown.count {
                    rows[place].record = record
                    rows[place].recordCount = row.undecided.count
                }
                record += row.undecided.count
                if place >= shown.count, row.decision != nil { decidedBesides += 1 }
            }
            let runs = Self.runs(conflicts)
            room -= shown.count
            let remark =
                table.shape.triggers.isEmpty
                ? "" : "Triggers: " + table.shape.triggers.joined(separator: ", ")
            var told = Table(
                database: plan.database, name: table.shape.name.description, remark: remark,
                counts: Verdict.allCases.compactMap { verdict in
                    let count = table.count(verdict)
                    return count == 0 ? nil : Count(verdict.rawValue, UInt64(count))
                }, rows: rows)
            told.conflictRuns = runs
            tables.append(told)
        }
        leftOut = plan.leftOut.map { "\($0.subject): \($0.reason)" }
        let several = plan.transactions.count > 1 ? plan.commits.map { "It takes back: \($0)" } : []
        notes =
            several + plan.deeds.map { "It did: \($0)" }
            + plan.definitions.entries.map { "Made again: \($0)" } + plan.triggerEffects + result.notes
        conflictRows = plan.conflictCount
        self.decidedBesides = decidedBesides
        writtenRows = request.isPreview ? 0 : result.writes
        writesDefinitions = !request.isPreview && !plan.definitions.isEmpty
        proof = result.proof.rawValue
    }

    /// Rows that have as many cells each as one run; nil where there are more of these than are kept.
    private static func runs(_ conflicts: [JudgedRow]) -> [ConflictRun]? {
        var runs: [ConflictRun] = []
        for row in conflicts {
            let one = ConflictRun(rows: 1, cells: row.undecided.count, mayBeForced: row.mayBeForced)
            if let last = runs.last, last.cells == one.cells, last.mayBeForced == one.mayBeForced {
                runs[runs.count - 1].rows += 1
            } else {
                runs.append(one)
            }
            if runs.count > mostRuns { return nil }
        }
        return runs
    }

    private static func row(_ row: JudgedRow, _ shape: TableShape) -> Row {
        let writers = row.later.map { "written since by \($0.xid) at \($0.time)" }
        var shown = Row(
            key: short(UndoRows.key(of: row, shape)), outcome: row.verdict.rawValue,
            isConflict: row.verdict.isConflict,
            remark: short(([row.reason].compactMap(\.self) + writers).joined(separator: "; ")),
            cells: row.damaged.map { place in
                Cell(
                    column: shape.columns[place].name,
                    values: [row.before, row.after, row.now].map { cells in
                        (cells?[place]).flatMap { $0 }.map { short($0.text) }
                    })
            })
        shown.decision = row.decision?.rawValue
        return shown
    }

    init(
        _ result: CompareResult, _ request: CompareRequest, _ operation: RunningOperation, of row: ServerRow
    ) {
        self.init(
            id: operation.id, of: row, .compare(request), subject: result.there, operation,
            summary: result.isEqual ? "All that was compared is equal." : "They differ.",
            sides: ["here", "there"])
        var room = Self.rowsOfAll
        for database in result.databases {
            switch database.presence {
            case .both: break
            case .onlyHere: notes.append("Database \(database.name) is only here.")
            case .onlyThere: notes.append("Database \(database.name) is only there.")
            }
            for table in database.tables where table.outcome != .equal {
                let shown = table.examples.prefix(min(Self.rowsOfTable, room))
                room -= shown.count
                tables.append(Self.table(table, shown, of: database.name))
            }
            notes += database.sequences.map {
                "Sequence \($0.name): \($0.here ?? "not there") here, \($0.there ?? "not there") there."
            }
            notes += database.schema.map { object in
                let name = object.schema.isEmpty ? object.name : "\(object.schema).\(object.name)"
                let place =
                    object.here == nil
                    ? "only there" : object.there == nil ? "only here" : "defined in another way"
                return "\(object.kind) \(name): \(place)."
            }
            leftOut += database.leftOut.map { "\($0.subject): \($0.reason)" }
        }
        leftOut += result.leftOut.map { "\($0.subject): \($0.reason)" }
        notes += result.notes
        isEqual = result.isEqual
    }

    private static func table(
        _ table: TableComparison, _ shown: ArraySlice<RowDifference>, of database: String
    ) -> Table {
        let remark =
            switch table.outcome {
            case .equal, .different: ""
            case .onlyHere: "The table is only here."
            case .onlyThere: "The table is only there."
            case .otherColumns(let words): "Other columns: " + words.joined(separator: ", ")
            case .incomparable(let here, let there):
                "It cannot be read: \([here, there].compactMap(\.self).joined(separator: "; "))"
            }
        let counts = [
            ("different", table.different), ("only here", table.onlyHere), ("only there", table.onlyThere),
        ]
        return Table(
            database: database, name: table.name.description, remark: remark,
            counts: counts.filter { $0.1 > 0 }.map { Count($0.0, $0.1) },
            rows: shown.map { row in
                Row(
                    key: short(DifferenceLines.key(of: row)), outcome: row.kind.rawValue, isConflict: false,
                    remark: "",
                    cells: row.cells.map { cell in
                        Cell(
                            column: cell.column,
                            values: [cell.here, cell.there].map { $0.map { short($0.text) } })
                    })
            })
    }

    private init(
        id: String, of row: ServerRow, _ work: Work, subject: String, _ operation: RunningOperation,
        summary: String, sides: [String]
    ) {
        self.init(
            id: id, server: ResourceID.server(resourceGroup: row.resourceGroup, name: row.name),
            serverID: row.id, serverName: row.name, caller: operation.caller, work: work, subject: subject,
            startedAt: operation.startedAt, finishedAt: operation.startedAt, summary: summary, sides: sides)
    }

    /// At most so many scalars that it can be shown.
    static func short(_ text: String) -> String {
        let kept = text.unicodeScalars.prefix(longestValue)
        return kept.endIndex == text.unicodeScalars.endIndex ? text : String(kept) + "…"
    }
}

extension UndoResult {
    /// What the proof comes to, in a sentence for a person.
    public var proofWords: String {
        switch proof {
        case .passed:
            "Proved on a copy of now: exactly \(writes) rows changed as planned, and a second run changed "
                + "nothing."
        case .stopped:
            "\(plan.undecidedCount) rows are in conflict: the script says so and does nothing. "
                + "Decide with --conflicts, or one by one with --decisions."
        case .none:
            writes == 0 && plan.definitions.isEmpty
                ? "There is nothing to write." : "The script was not run on a copy."
        }
    }
}
