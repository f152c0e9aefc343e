import PostgresFormat

/// Statistics of the WAL in `pg_waldump`'s columns.
enum StatisticsView {
    static func report(_ statistics: WALStatistics, perRecord: Bool) -> Report {
        let rows = perRecord ? statistics.records : statistics.managers
        let total = statistics.total
        let lines: [OutputValue] = rows.map { value($0.name, $0.amount, of: total) }
        let start: OutputValue = statistics.firstRecord.map { .text("\($0)") } ?? .null
        let end: OutputValue = statistics.end.map { .text("\($0)") } ?? .null
        let answer = OutputValue.object([
            "start": start, "end": end, "rows": .list(lines), "total": value("Total", total, of: total),
        ])
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
        return Report(value: answer, view: .columns(ColumnTable(header: header, rows: cells)))
    }

    private static func value(
        _ name: String, _ amount: WALStatistics.Amount, of total: WALStatistics.Amount
    ) -> OutputValue {
        .object([
            "type": .text(name), "count": .integer(Int(clamping: amount.count)),
            "recordBytes": .integer(Int(clamping: amount.recordBytes)),
            "imageBytes": .integer(Int(clamping: amount.imageBytes)),
            "totalBytes": .integer(Int(clamping: amount.totalBytes)),
            "share": .number(fraction(amount.totalBytes, total.totalBytes)),
        ])
    }

    private static func share(_ part: UInt64, _ whole: UInt64) -> String {
        "(" + ByteText.decimals(fraction(part, whole) * 100, 2) + ")"
    }

    private static func fraction(_ part: UInt64, _ whole: UInt64) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole)
    }
}
