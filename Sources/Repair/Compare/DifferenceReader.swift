import Platform
import PostgresClient
import PostgresFormat
import Synchronization

/// Reads the rows that differ, and tells the cells that do: the proof of every difference.
struct DifferenceReader {
    /// Whose connection one thread at a time uses.
    struct Side {
        let connection: Connection
        let relation: ComparedRelation
        /// Of the rows that came with their digests.
        let texts: RowTexts?

        init(_ connection: Connection, _ relation: ComparedRelation, _ texts: RowTexts?) {
            (self.connection, self.relation, self.texts) = (connection, relation, texts)
        }
    }

    private let sides: [Side]
    private let key: [String]
    private let keyPlaces: [Int]
    /// What is read at once, in rows and in bytes of them.
    private static let rowsAtOnce = 1000
    private static let bytesAtOnce: UInt64 = 4 << 20
    /// Of a row that is longer, long values are told by their length and hash.
    private static let longestRow: UInt32 = 1 << 20

    init(_ here: Side, _ there: Side, key: [String]) {
        sides = [here, there]
        self.key = key
        let columns = here.relation.columns
        let keyColumns = here.relation.columns(named: key)
        keyPlaces = columns.indices.filter { keyColumns.contains(columns[$0]) }
    }

    /// Hands over each of these rows, with its cells.
    func read(_ matches: [RowMatch], _ body: (RowDifference) throws(Problem) -> Void) throws(Problem) {
        var start = 0
        while start < matches.count {
            var (end, bytes) = (start, UInt64(0))
            while end < matches.count, end - start < Self.rowsAtOnce, bytes < Self.bytesAtOnce {
                bytes += matches[end].length
                end += 1
            }
            try readPortion(matches[start..<end], body)
            start = end
        }
    }

    private func readPortion(
        _ matches: ArraySlice<RowMatch>, _ body: (RowDifference) throws(Problem) -> Void
    ) throws(Problem) {
        let isLong = matches.contains { $0.longest > Self.longestRow }
        var (mine, its) = try bothSides(matches, isLong: isLong)
        let names = sides[0].relation.columns.map(\.name)
        // As many are taken of each as were looked for.
        mine.reverse()
        its.reverse()
        for match in matches {
            let left = match.here == nil ? nil : mine.removeLast()
            let right = match.there == nil ? nil : its.removeLast()
            let kind: RowDifference.Kind =
                left == nil ? .onlyThere : right == nil ? .onlyHere : .different
            func cell(_ place: Int) -> RowDifference.NamedCell {
                RowDifference.NamedCell(column: names[place], here: left?[place], there: right?[place])
            }
            let shown = names.indices.filter { kind != .different || left?[$0] != right?[$0] }
            try body(RowDifference(kind: kind, key: keyPlaces.map(cell), cells: shown.map(cell)))
        }
    }

    /// The cells of both sides' rows, in their order, read at the same time.
    private func bothSides(
        _ matches: ArraySlice<RowMatch>, isLong: Bool
    ) throws(Problem) -> ([Cells], [Cells]) {
        let found = Mutex<[[Cells]]>([[], []])
        // Each thread has a connection of its own, and this one waits for both.
        nonisolated(unsafe) let sides = sides
        let digests = [matches.compactMap(\.here), matches.compactMap(\.there)]
        try Workers.run(2) { (index) throws(Problem) in
            let cells = try Self.cells(sides[index], digests[index], isLong: isLong)
            found.withLock { $0[index] = cells }
        }
        return found.withLock { ($0[0], $0[1]) }
    }

    /// Of rows in their order: those that came with their digests, and those that are looked up.
    private static func cells(_ side: Side, _ digests: [RowDigest], isLong: Bool) throws(Problem) -> [Cells] {
        let count = side.relation.columns.count
        let kept = try digests.map { (digest) throws(Problem) in
            try side.texts?.cells(of: digest, count: count)
        }
        let rest = zip(digests, kept).filter { $0.1 == nil }.map(\.0)
        let read = try cells(side.connection, side.relation, rest, isLong: isLong)
        return try zip(digests, kept).map { (digest, cells) throws(Problem) in
            guard let cells = cells ?? read[digest.address] else {
                throw Problem(
                    .queryFailed, "a row that differs cannot be read again",
                    detail: "its address is \(digest.address)",
                    hint: "Check the server's data: 'pg_amcheck' tells what is damaged.")
            }
            return cells
        }
    }

    private static func cells(
        _ connection: Connection, _ relation: ComparedRelation, _ digests: [RowDigest], isLong: Bool
    ) throws(Problem) -> [RowAddress: Cells] {
        guard !digests.isEmpty else { return [:] }
        let columns = relation.columns.map { column in
            let text = ComparedRelation.reading(column)
            guard isLong else { return text }
            // The text as the type's own output function has it; the number of NULLs looks into no value.
            return """
                CASE WHEN pg_catalog.num_nulls(\(text)) = 1 THEN NULL
                    WHEN pg_catalog.octet_length(pg_catalog.concat(\(text))) > 65536
                    THEN pg_catalog.octet_length(pg_catalog.concat(\(text))) || ' bytes, MD5 '
                        || pg_catalog.md5(pg_catalog.concat(\(text)))
                    ELSE pg_catalog.concat(\(text)) END
                """
        }
        let list = "{" + digests.map { "\"\($0.address)\"" }.joined(separator: ",") + "}"
        let answer = try connection.query(
            "SELECT \((["r.ctid"] + columns).joined(separator: ", ")) FROM ONLY \(relation.name.sql) AS r "
                + "WHERE r.ctid = ANY ($1::tid[])", [list])
        var found: [RowAddress: Cells] = [:]
        for row in answer.rows {
            guard let address = row[0].flatMap(RowAddress.init) else { continue }
            found[address] = Cells(texts: row.dropFirst())
        }
        return found
    }
}

extension RowMatch {
    var here: RowDigest? {
        switch self {
        case .onlyHere(let row), .different(let row, _): row
        case .onlyThere: nil
        }
    }

    var there: RowDigest? {
        switch self {
        case .onlyThere(let row), .different(_, let row): row
        case .onlyHere: nil
        }
    }

    fileprivate var longest: UInt32 { max(here?.length ?? 0, there?.length ?? 0) }
    fileprivate var length: UInt64 { UInt64(here?.length ?? 0) + UInt64(there?.length ?? 0) }
}
