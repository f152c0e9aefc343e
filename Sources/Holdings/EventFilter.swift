import PostgresFormat
import WALEvents

/// Which events were asked for, told one by one in WAL order.
struct EventFilter {
    private let query: EventQuery
    private var last: PostgresTimestamp?

    init(_ query: EventQuery) {
        self.query = query
    }

    /// Which changes of rows can pass.
    var interest: RowInterest {
        // Smaller ones are counted, unless none is wanted at all.
        var interest = RowInterest(minimumRows: query.minimumRows == .max ? .max : 1)
        if let table = query.table {
            interest.tables = { object, ancestors in
                table.matches(object) || ancestors.contains(where: table.matches)
            }
        }
        return interest
    }

    /// One without a time of its own lies where the one before it does.
    mutating func passes(_ event: WALEvent) -> Bool {
        let time = event.time ?? last
        last = time
        if let table = query.table {
            guard event.subject != .server, table.matches(event) else { return false }
        }
        guard let time else { return query.from == nil }
        return query.from.map { $0 <= time } ?? true && query.to.map { time <= $0 } ?? true
    }
}
