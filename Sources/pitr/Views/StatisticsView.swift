import AzureAPI
import Notation
import PostgresFormat

/// Statistics of the WAL in `pg_waldump`'s columns.
enum StatisticsView {
    static func report(_ statistics: WALStatistics, perRecord: Bool) throws -> Report {
        let rows = perRecord ? statistics.records : statistics.managers
        let total = statistics.total
        let header = [
            "Type", "N", "(%)", "Record size", "(%)", "FPI size", "(%)", "Combined size", "(%)",
        ]
        let cells = (rows + [WALStatistics.Row(name: "Total", amount: total)]).map { row in
            [
                row.name, "\(row.amount.count)", share(row.amount.count, total.count),
                "\(row.amount.recordBytes)", share(row.amount.recordBytes, total.recordBytes),
                "\(row.amount.imageBytes)", share(row.amount.imageBytes, total.imageBytes),
                "\(row.amount.totalBytes)", share(row.amount.totalBytes, total.totalBytes),
            ]
        }
        return try Report(WALStatisticsDocument(statistics, rows: rows), header, cells)
    }

    private static func share(_ part: UInt64, _ whole: UInt64) -> String {
        "(" + ByteText.decimals(whole == 0 ? 0 : Double(part) / Double(whole) * 100, 2) + ")"
    }
}
