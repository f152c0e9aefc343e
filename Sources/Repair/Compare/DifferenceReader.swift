import Platform
import PostgresClient
import PostgresFormat
import Synchronization

/// Reads the rows that differ, and tells the cells that do: the proof of every difference.
struct DifferenceReader {
    private let here: ComparedRelation
    private let there: ComparedRelation
    private let key: [String]
    private let connections: (here: Connection, there: Connection)
    /// What is read at once, in rows and in bytes of them.
    private static let rowsAtOnce = 1000
    private static let bytesAtOnce: UInt64 = 4 << 20
    /// Of a row that is longer, long values are told by their length and hash.
    private static let longestRow: UInt32 = 1 << 20

    init(
        _ here: ComparedRelation, _ there: ComparedRelation, key: [String], _ mine: Connection,
        _ its: Connection
    ) {
        self.here = here
        self.there = there
        self.key = key
        connections = (mine, its)
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
        let (mine, its) = try bothSides(matches, isLong: isLong)
        for match in matches {
            let left = try match.here.map { (digest) throws(Problem) in try Self.found(mine, digest) }
            let right = try match.there.map { (digest) throws(Problem) in try Self.found(its, digest) }
            let kind: RowDifference.Kind =
                left == nil ? .onlyThere : right == nil ? .onlyHere : .different
            let all = here.columns.indices.map { place in
                RowDifference.NamedCell(
                    column: here.columns[place].name, here: left?[place], there: right?[place])
            }
            let keyColumns = here.columns(named: key)
            try body(
                RowDifference(
                    kind: kind,
                    key: zip(here.columns, all).filter { keyColumns.contains($0.0) }.map(\.1),
                    cells: kind == .different ? all.filter { $0.here != $0.there } : all))
        }
    }

    /// The cells of both sides' rows, read at the same time.
    private func bothSides(
        _ matches: ArraySlice<RowMatch>, isLong: Bool
    ) throws(Problem) -> ([RowAddress: Cells], [RowAddress: Cells]) {
        let found = Mutex<[[RowAddress: Cells]]>([[:], [:]])
        // Each thread has a connection of its own, and this one waits for both.
        nonisolated(unsafe) let sides = [(connections.here, here), (connections.there, there)]
        let digests = [matches.compactMap(\.here), matches.compactMap(\.there)]
        try Workers.run(2) { (index) throws(Problem) in
            let (connection, relation) = sides[index]
            let cells = try Self.cells(connection, relation, digests[index], isLong: isLong)
            found.withLock { $0[index] = cells }
        }
        return found.withLock { ($0[0], $0[1]) }
    }

    private static func found(_ rows: [RowAddress: Cells], _ digest: RowDigest) throws(Problem) -> Cells {
        guard let cells = rows[digest.address] else {
            throw Problem(
                .queryFailed, "a row that differs cannot be read again",
                detail: "its address is \(digest.address)",
                hint: "Check the server's data: 'pg_amcheck' tells what is damaged.")
        }
        return cells
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
