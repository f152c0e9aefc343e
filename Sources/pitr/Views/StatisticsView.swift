import AzureAPI
import Notation
import PostgresFormat

/// Statistics of the WAL in `pg_waldump`'s columns.
enum StatisticsView {
    static func report(_ statistics: WALStatistics, perRecord: Bool) throws -> Report {
        let rows = perRecord ? statistics.records : statistics.managers
        let total = statistics.total
        let header = ["Type", "N (%)", "Record size (%)", "FPI size (%)", "Combined size (%)"]
        let cells = (rows + [WALStatistics.Row(name: "Total", amount: total)]).map { row in
            [
                row.name, cell(row.amount.count, total.count),
                cell(row.amount.recordBytes, total.recordBytes),
                cell(row.amount.imageBytes, total.imageBytes),
                cell(row.amount.totalBytes, total.totalBytes),
            ]
        }
        return try Report(WALStatisticsDocument(statistics, rows: rows), header, cells)
    }

    /// `   120 (  3.25)`: below each other as long as the whole is.
    private static func cell(_ part: UInt64, _ whole: UInt64) -> String {
        let share = ByteText.decimals(whole == 0 ? 0 : Double(part) / Double(whole) * 100, 2)
        return padded("\(part)", "\(whole)".count) + " (" + padded(share, 6) + ")"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
