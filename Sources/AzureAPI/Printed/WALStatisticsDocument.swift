public import PostgresFormat

/// What was counted in WAL, as `pitr wal stats` prints it.
public struct WALStatisticsDocument: Codable, Sendable {
    public struct Row: Codable, Hashable, Sendable {
        public var count: UInt64
        public var imageBytes: UInt64
        public var recordBytes: UInt64
        /// Of all bytes; from 0 to 1.
        public var share: Double
        public var totalBytes: UInt64
        public var type: String

        init(_ name: String, _ amount: WALStatistics.Amount, of total: WALStatistics.Amount) {
            count = amount.count
            imageBytes = amount.imageBytes
            recordBytes = amount.recordBytes
            share = total.totalBytes == 0 ? 0 : Double(amount.totalBytes) / Double(total.totalBytes)
            totalBytes = amount.totalBytes
            type = name
        }
    }

    /// Null where there was no record.
    @OrNull public var end: String?
    public var rows: [Row]
    @OrNull public var start: String?
    public var total: Row

    /// - Parameter rows: by resource manager, or by kind of record.
    public init(_ statistics: WALStatistics, rows: [WALStatistics.Row]) {
        let total = statistics.total
        self.rows = rows.map { Row($0.name, $0.amount, of: total) }
        self.total = Row("Total", total, of: total)
        end = statistics.end?.description
        start = statistics.firstRecord?.description
    }
}
