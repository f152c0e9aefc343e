import Platform
import Repair
public import ServiceModel

/// All rows in conflict of an undo that is kept, out of its file: those too that the result does not show.
public struct KeptConflicts: Sendable {
    public struct Row: Hashable, Sendable {
        /// The places of its cells in the file, counted from 0.
        public var records: Range<Int>
        /// Whether it can get its old values, whatever was written since.
        public var mayBeForced: Bool
        /// What was decided about it already.
        public var decision: ConflictDecision.Choice?

        /// What it is known by.
        public var record: Int { records.lowerBound }
    }

    /// Those of each table of the result, in the order of the file.
    public let tables: [[Row]]
    private let file: DecisionFile

    /// Nil where the result does not tell which cells are of one row, or tells of another file.
    init?(_ result: KeptResult, _ file: DecisionFile) {
        var tables: [[Row]] = []
        var next = 0
        for table in result.tables {
            guard let runs = table.conflictRuns else { return nil }
            var rows: [Row] = []
            for run in runs {
                guard run.rows > 0, run.cells > 0, run.rows <= (file.count - next) / run.cells else {
                    return nil
                }
                for _ in 0..<run.rows {
                    let line = file.line(next)
                    guard line.table == table.name else { return nil }
                    rows.append(
                        Row(
                            records: next..<(next + run.cells), mayBeForced: run.mayBeForced,
                            decision: line.decision))
                    next += run.cells
                }
            }
            tables.append(rows)
        }
        guard next == file.count else { return nil }
        self.tables = tables
        self.file = file
    }

    /// The row with those of its cells that are in conflict, as a result shows rows.
    public func shown(_ row: Row) -> KeptResult.Row {
        let lines = row.records.map { file.line($0) }
        let first = lines[0]
        let writers = first.writtenSince.isEmpty ? [] : ["written since by \(first.writtenSince)"]
        let reasons = first.reason.isEmpty ? [] : [first.reason]
        var shown = KeptResult.Row(
            key: KeptResult.short(first.key), outcome: first.verdict, isConflict: true,
            remark: KeptResult.short((reasons + writers).joined(separator: "; ")),
            cells: lines.map { line in
                KeptResult.Cell(
                    column: line.column, values: line.values.map { $0.map { KeptResult.short($0) } })
            })
        shown.record = row.record
        shown.recordCount = row.records.count
        shown.decision = row.decision?.rawValue
        return shown
    }
}

extension ControlPlane {
    /// Of a file that is read whole for each page of it.
    private static let largestConflicts: UInt64 = 16 << 20

    /// All rows in conflict of an undo that is kept; nil where they can be decided by the file alone: it is
    /// large, cannot be read, or is of an earlier version that did not keep which cells are of one row.
    public func conflicts(of result: KeptResult) throws -> KeptConflicts? {
        guard let file = result.files.first(where: { $0.name == KeptResult.conflictsName }),
            file.bytes <= Self.largestConflicts, result.tables.allSatisfy({ $0.conflictRuns != nil })
        else { return nil }
        do {
            return KeptConflicts(result, try DecisionFile(try resultFile(file.name, of: result)))
        } catch let problem as Problem where problem.code == .usage {
            return nil
        }
    }
}
