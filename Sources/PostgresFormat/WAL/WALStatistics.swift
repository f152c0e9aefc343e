/// Counts and sizes of records by what they are, as `pg_waldump --stats` counts them.
public struct WALStatistics: Hashable, Sendable {
    public struct Amount: Hashable, Sendable {
        public var count: UInt64 = 0
        /// Bytes of the records without their page images.
        public var recordBytes: UInt64 = 0
        /// Bytes of the page images, as they are stored.
        public var imageBytes: UInt64 = 0

        public init() {}

        public var totalBytes: UInt64 { recordBytes + imageBytes }

        static func += (left: inout Amount, right: Amount) {
            left.count += right.count
            left.recordBytes += right.recordBytes
            left.imageBytes += right.imageBytes
        }
    }

    /// One line of the statistics.
    public struct Row: Hashable, Sendable {
        /// `Heap`, or `Heap/INSERT` per kind of record.
        public let name: String
        public let amount: Amount

        public init(name: String, amount: Amount) {
            self.name = name
            self.amount = amount
        }
    }

    /// By resource manager and operation: 16 for each of 256.
    private var amounts = [Amount](repeating: Amount(), count: 256 * 16)
    public private(set) var total = Amount()
    public private(set) var firstRecord: LSN?
    /// Where the last record ends.
    public private(set) var end: LSN?
    public private(set) var version = WALVersion.v15

    public init() {}

    public mutating func add(_ record: borrowing WALRecord) {
        let images = UInt64(record.imageBytes)
        var amount = Amount()
        amount.count = 1
        amount.recordBytes = UInt64(record.totalLength) - min(images, UInt64(record.totalLength))
        amount.imageBytes = images
        let code = record.resourceManager?.statisticsCode(record.info) ?? record.operation
        amounts[Int(record.resourceManagerID) * 16 + Int(code >> 4)] += amount
        total += amount
        if firstRecord == nil { firstRecord = record.start }
        end = record.end
        version = record.version
    }

    /// Adds what was counted of the WAL behind.
    public mutating func append(_ later: WALStatistics) {
        for index in amounts.indices { amounts[index] += later.amounts[index] }
        total += later.total
        firstRecord = firstRecord ?? later.firstRecord
        guard later.end != nil else { return }
        end = later.end
        version = later.version
    }

    /// A line for each resource manager in the order of their numbers; those of extensions only where there
    /// are records.
    public var managers: [Row] {
        (UInt8.min...UInt8.max).compactMap { manager in
            let known = ResourceManager(rawValue: manager)
            var sum = Amount()
            for code in 0..<16 { sum += amounts[Int(manager) * 16 + code] }
            guard known != nil || sum.count > 0 else { return nil }
            return Row(name: ResourceManager.name(of: manager), amount: sum)
        }
    }

    /// A line for each kind of record that occurred.
    public var records: [Row] {
        var rows: [Row] = []
        for manager in UInt8.min...UInt8.max {
            for code in UInt8(0)..<16 where amounts[Int(manager) * 16 + Int(code)].count > 0 {
                let operation = ResourceManager.operationName(of: manager, code << 4, version: version)
                rows.append(
                    Row(
                        name: ResourceManager.name(of: manager) + "/" + operation,
                        amount: amounts[Int(manager) * 16 + Int(code)]))
            }
        }
        return rows
    }
}
