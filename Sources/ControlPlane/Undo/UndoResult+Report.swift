import PostgresFormat
import Repair
public import ServiceModel

extension UndoResult {
    /// The same without the rows, as it is printed.
    public var report: UndoReport {
        var report = UndoReport(
            source: plan.source, database: plan.database,
            transactions: plan.transactions.map {
                .init(xid: $0.xid, commit: $0.commit, commitTime: $0.commitTime)
            }, deeds: plan.deeds, operationID: operationID)
        report.nowEnd = plan.nowEnd
        report.nowTime = plan.nowTime
        report.tables = plan.tables.map { table in
            UndoReport.Table(
                name: table.shape.name.description, rows: table.rows.count, triggers: table.shape.triggers,
                verdicts: Dictionary(grouping: table.rows, by: \.verdict.rawValue).mapValues(\.count))
        }
        report.conflictRows = plan.conflictCount
        report.conflicts = Array(conflicts.prefix(Self.conflictsTold))
        report.decidedRows = plan.conflictCount - plan.undecidedCount
        report.conflictRule = rule.rawValue
        report.leftOut = plan.leftOut.map { ($0.subject, $0.reason) }
        report.madeAgain = plan.definitions.entries
        report.triggerEffects = plan.triggerEffects
        report.proof = proof
        report.writtenRows = writes
        report.steps = steps
        report.notes = notes
        return report
    }

    private static let conflictsTold = 20

    /// The rows in conflict, table by table; made as they are asked for.
    private var conflicts: some Sequence<UndoReport.Conflict> {
        plan.tables.lazy.flatMap { table in
            table.rows.lazy.filter(\.verdict.isConflict).map { Self.conflict($0, table.shape) }
        }
    }

    private static func conflict(_ row: JudgedRow, _ shape: TableShape) -> UndoReport.Conflict {
        func value(_ cells: Cells?, _ place: Int) -> String? {
            cells?[place].map { KeptResult.short($0.text) }
        }
        return UndoReport.Conflict(
            table: shape.name.description, key: KeptResult.short(UndoRows.key(of: row, shape)),
            verdict: row.verdict.rawValue,
            cells: row.undecided.map { place in
                .init(
                    column: shape.columns[place].name, before: value(row.before, place),
                    after: value(row.after, place), now: value(row.now, place))
            }, writtenSince: row.later.map { .init(xid: $0.xid, time: $0.time) }, reason: row.reason)
    }
}
