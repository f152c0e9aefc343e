import Platform
import PostgresFormat

/// The SELECT of rows' digests.
struct DigestSelect {
    private let image: String
    private let keyImage: String
    private let keyText: String
    private let rowText: String
    private let work: ComparedWork

    /// - Parameter withTexts: rows' texts come along, unless they are long.
    init(_ relation: ComparedRelation, _ key: [String], _ work: ComparedWork, withTexts: Bool = false) {
        let columns = relation.columns(named: key)
        image = ComparedRelation.image(relation.columns)
        keyImage = columns.isEmpty ? "" : ", \(ComparedRelation.image(columns)) AS k"
        keyText = columns.isEmpty ? "i.i" : "i.k"
        let isShort = "pg_catalog.octet_length(i.i) <= \(RowTexts.longest)"
        rowText = withTexts ? ", CASE WHEN \(isShort) THEN i.i END AS v" : ""
        self.work = work
    }

    /// - Parameter stretch: what stands behind FROM, in which the table is `r`.
    func sql(from stretch: String) -> String {
        """
        SELECT \(work.hash(keyText, 0)) AS x, \(work.hash(keyText, 1)) AS y, \(work.hash("i.i", 0)) AS h,
            \(work.hash("i.i", 1)) AS l, pg_catalog.octet_length(i.i) AS n, i.ctid AS t\(rowText)
        FROM (SELECT r.ctid, \(image) AS i\(keyImage) FROM \(stretch) OFFSET 0) AS i
        """
    }
}

/// A digest as COPY writes it: five numbers and an address between tabs, and the row's text where it was
/// asked for.
enum DigestLine {
    static func checked(_ row: UnsafeRawBufferPointer) throws(Problem) -> RowDigest {
        guard let digest = read(row) else {
            throw Problem(.queryFailed, "the server's hashes cannot be read")
        }
        return digest
    }

    static func read(_ row: UnsafeRawBufferPointer) -> RowDigest? {
        var place = 0
        guard let keyHigh = number(row, &place), let keyLow = number(row, &place),
            let high = number(row, &place), let low = number(row, &place), let length = number(row, &place)
        else { return nil }
        place += 1
        guard let block = number(row, &place), let offset = number(row, &place) else { return nil }
        return RowDigest(
            key: (keyHigh, keyLow), row: (high, low),
            address: RowAddress(
                block: UInt32(truncatingIfNeeded: block), offset: UInt16(truncatingIfNeeded: offset)),
            length: UInt32(truncatingIfNeeded: length))
    }

    /// The row's text with COPY's escapes; nil where there is none.
    static func text(_ row: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var (place, tabs) = (0, 0)
        while place < row.count, tabs < 6 {
            if row[place] == UInt8(ascii: "\t") { tabs += 1 }
            place += 1
        }
        let hasEnd = row.last == UInt8(ascii: "\n")
        guard tabs == 6, place + (hasEnd ? 1 : 0) < row.count else { return nil }
        let text = row[place..<(row.count - (hasEnd ? 1 : 0))]
        // NULL: a row's text begins with a parenthesis.
        guard text.first == UInt8(ascii: "(") else { return nil }
        return UnsafeRawBufferPointer(rebasing: text)
    }

    /// Reads up to and with what stands behind the number.
    private static func number(_ row: UnsafeRawBufferPointer, _ place: inout Int) -> UInt64? {
        guard place < row.count else { return nil }
        let isNegative = row[place] == UInt8(ascii: "-")
        if isNegative { place += 1 }
        var value: UInt64 = 0
        let start = place
        while place < row.count, row[place] >= UInt8(ascii: "0"), row[place] <= UInt8(ascii: "9") {
            value = value &* 10 &+ UInt64(row[place] - UInt8(ascii: "0"))
            place += 1
        }
        guard place > start else { return nil }
        place += 1
        return isNegative ? 0 &- value : value
    }
}
