public import Platform
public import PostgresClient
public import PostgresFormat

/// Reads rows of one table, by their addresses or by their keys. Nothing is written.
public struct RowReader {
    private let connection: Connection
    /// So many rows are asked for at once.
    private static let portion = 500

    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// The settings under which a value has one text, whatever the server, the database and the role have.
    /// The session's transaction is read-only from here on.
    public static func prepare(_ connection: Connection) throws(Problem) {
        try connection.execute(CanonicalText.settings(local: false))
        try connection.execute("SET default_transaction_read_only = on")
    }

    /// The rows that a snapshot sees at these addresses.
    ///
    /// - Parameters:
    ///   - shape: names the columns; a partition has them, too.
    ///   - relation: the table or partition itself.
    public func rows(
        of shape: TableShape, in relation: QualifiedName, at addresses: [RowAddress]
    ) throws(Problem) -> [RowAddress: Cells] {
        var found: [RowAddress: Cells] = [:]
        found.reserveCapacity(addresses.count)
        for start in stride(from: 0, to: addresses.count, by: Self.portion) {
            let wanted = addresses[start..<min(start + Self.portion, addresses.count)]
            let list = "{" + wanted.map { "\"\($0)\"" }.joined(separator: ",") + "}"
            let answer = try connection.query(
                "SELECT r.ctid, \(Self.columns(shape)) FROM ONLY \(relation.sql) AS r "
                    + "WHERE r.ctid = ANY ($1::tid[])", [list])
            for row in answer.rows {
                guard let address = row[0].flatMap(RowAddress.init) else { continue }
                found[address] = Cells(texts: row.dropFirst())
            }
        }
        return found
    }

    /// Which of the rows at these addresses a condition in SQL holds for.
    ///
    /// - Throws: `.usage` where PostgreSQL does not understand it.
    func addresses(
        in relation: QualifiedName, among addresses: [RowAddress], where condition: String
    ) throws(Problem) -> Set<RowAddress> {
        var found: Set<RowAddress> = []
        for start in stride(from: 0, to: addresses.count, by: Self.portion) {
            let wanted = addresses[start..<min(start + Self.portion, addresses.count)]
            let list = "{" + wanted.map { "\"\($0)\"" }.joined(separator: ",") + "}"
            do {
                // The line end closes a comment that is left open.
                let answer = try connection.query(
                    "SELECT ctid FROM ONLY \(relation.sql) WHERE ctid = ANY ($1::tid[]) AND (\(condition)\n)",
                    [list])
                found.formUnion(answer.firstColumn.compactMap(RowAddress.init))
            } catch {
                guard error.code == .queryFailed, connection.isOpen else { throw error }
                throw Problem(
                    .usage, "the condition is not understood for \(relation)",
                    detail: connection.lastFailure?.message,
                    hint: "Write it as behind WHERE, with the table's columns; --table leaves others out.")
            }
        }
        return found
    }

    /// All rows of a table or partition itself, in the order of their addresses.
    public func allRows(
        of shape: TableShape, in relation: QualifiedName
    ) throws(Problem) -> [(address: RowAddress, cells: Cells)] {
        var found: [(address: RowAddress, cells: Cells)] = []
        var next: UInt64 = 0
        let blocks =
            try connection.query(
                "SELECT (pg_relation_size($1::regclass) / current_setting('block_size')::bigint)::text",
                [relation.text]
            ).scalar.flatMap { UInt64($0) } ?? 0
        // So many pages at a time that an answer stays small.
        while next < blocks {
            let end = next + 64
            let answer = try connection.query(
                "SELECT r.ctid, \(Self.columns(shape)) FROM ONLY \(relation.sql) AS r "
                    + "WHERE r.ctid >= '(\(next),0)' AND r.ctid < '(\(end),0)'")
            for row in answer.rows {
                guard let address = row[0].flatMap(RowAddress.init) else { continue }
                found.append((address, Cells(texts: row.dropFirst())))
            }
            next = end
        }
        return found
    }

    /// A row as it was found by its key.
    public struct Found: Hashable, Sendable {
        public var cells: Cells
        public var address: RowAddress?
        /// The table or partition in which it lies.
        public var relation: ObjectID?
    }

    /// The rows with these keys: nil for each key that no row has.
    public func rows(of shape: TableShape, by key: TableShape.Key, _ keys: [Cells]) throws(Problem)
        -> [Found?]
    {
        var found = [Found?](repeating: nil, count: keys.count)
        for start in stride(from: 0, to: keys.count, by: Self.portion) {
            let wanted = keys[start..<min(start + Self.portion, keys.count)]
            var values = PlannedValues(columns: [.init(name: "n", type: "integer")])
            for (place, column) in key.columns.enumerated() {
                values.columns.append(.init(name: "k\(place + 1)", type: shape.columns[column].type))
            }
            for (place, cells) in zip(wanted.indices, wanted) {
                values.rows.append([Cell(String(place))] + cells)
            }
            let condition = zip(key.columns, key.operators).enumerated().map { place, pair in
                "r.\(shape.columns[pair.0].sql) \(pair.1) p.k\(place + 1)"
            }
            let answer = try connection.query(
                "WITH p(\(values.names)) AS (\(values.sql)) SELECT p.n, r.ctid, r.tableoid, \(Self.columns(shape)) "
                    + "FROM \(shape.source) AS r JOIN p ON \(condition.joined(separator: " AND "))")
            for row in answer.rows {
                guard let place = row[0].flatMap({ Int($0) }), found.indices.contains(place) else { continue }
                found[place] = Found(
                    cells: Cells(texts: row.dropFirst(3)),
                    address: row[1].flatMap(RowAddress.init),
                    relation: row[2].flatMap { UInt32($0) }.map(ObjectID.init))
            }
        }
        return found
    }

    /// How many rows have exactly these texts; for tables without a key, read as a whole.
    public func counts(of shape: TableShape, _ texts: Set<Cell>) throws(Problem) -> [Cell: Int] {
        var counts: [Cell: Int] = [:]
        let distinct = Array(texts)
        for start in stride(from: 0, to: distinct.count, by: Self.portion) {
            let wanted = distinct[start..<min(start + Self.portion, distinct.count)]
            var values = PlannedValues(columns: [.init(name: "image", type: "text")])
            values.rows = wanted.map { [$0] }
            let answer = try connection.query(
                "WITH p(image) AS (\(values.sql)) SELECT p.image, count(*) FROM \(shape.source) AS r "
                    + "JOIN p ON \(RowText.expression(shape, alias: "r")) = p.image GROUP BY p.image")
            for row in answer.rows {
                if let text = row[0], let count = row[1].flatMap({ Int($0) }) { counts[Cell(text)] = count }
            }
        }
        return counts
    }

    private static func columns(_ shape: TableShape) -> String {
        shape.columns.indices.map { shape.reading($0, alias: "r") }.joined(separator: ", ")
    }
}

extension TableShape.Column {
    var sql: String { QualifiedName.quoted(name) }
}
