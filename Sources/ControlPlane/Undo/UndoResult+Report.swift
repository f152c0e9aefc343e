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
}
