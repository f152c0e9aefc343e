public import Platform
public import ServiceModel

/// `conflicts.csv` as a person gives it back, with what becomes of rows in its last column.
public struct DecisionFile: Sendable {
    /// One cell in conflict.
    struct Entry: Hashable, Sendable {
        var line: Int
        /// The words in the column of decisions; nil where there are none.
        var decision: String?
        var fields: [String?]
        /// What the lines of one row have alike: all but the column, its values and the decision. Nil where
        /// nothing tells the row from others.
        var row: [String?]?
    }

    /// One cell in conflict as a reader sees it.
    public struct Line: Hashable, Sendable {
        public var table: String
        public var key: String
        public var verdict: String
        public var column: String
        /// Before, after and now; nil for NULL, and where there is no such row.
        public var values: [String?]
        /// `745 at 2026-11-29 04:37:12.345678+00; …`; empty where nobody wrote it since.
        public var writtenSince: String
        public var reason: String
        public var decision: ConflictDecision.Choice?
    }

    let entries: [Entry]
    private static let named = ["table", "key", "column", "before", "after", "now"]
    private let places: [Int]
    /// Where it says what stands in the way of a row; a file may be without.
    private let reasonPlace: Int?
    private let verdictPlace: Int?
    private let writtenPlace: Int?

    /// - Throws: `.usage` with the line where it is no such file.
    public init(_ bytes: [UInt8]) throws(Problem) {
        var lines = try CSVReader.records(bytes)
        guard let header = lines.first else { throw Self.refused("it is empty") }
        lines.removeFirst()
        let names = header.fields.map { $0 ?? "" }
        var places: [Int] = []
        for name in Self.named {
            guard let place = names.firstIndex(of: name) else {
                throw Self.refused("its first line names no column '\(name)'")
            }
            places.append(place)
        }
        guard let decision = names.firstIndex(where: { $0.hasPrefix("decision") }) else {
            throw Self.refused("its first line names no column '\(UndoRows.decisionName)'")
        }
        self.places = places
        reasonPlace = names.firstIndex(of: "reason")
        verdictPlace = names.firstIndex(of: "verdict")
        writtenPlace = names.firstIndex(of: "written_since")
        let ofCell = Set(places.dropFirst(2) + [decision])
        var entries: [Entry] = []
        for line in lines {
            guard line.fields.count == names.count else {
                throw Self.refused(
                    "line \(line.number) has \(line.fields.count) fields, and the first one \(names.count)")
            }
            let key = line.fields[places[1]] ?? ""
            let row = line.fields.indices.filter { !ofCell.contains($0) }.map { line.fields[$0] }
            entries.append(
                Entry(
                    line: line.number, decision: line.fields[decision], fields: line.fields,
                    row: UndoRows.isKeyOfOneRow(key) ? row : nil))
        }
        self.entries = entries
    }

    /// What is decided, each line by itself. A word on one line of a row is a word about all of its lines:
    /// whoever wrote it had them in sight. Where nothing tells a row from others, each of its lines needs
    /// one.
    ///
    /// - Throws: `.usage` for a word that is none.
    public func decisions() throws(Problem) -> [ConflictDecision] {
        var decisions: [ConflictDecision] = []
        var rest = entries[...]
        while let first = rest.first {
            let lines = first.row == nil ? rest.prefix(1) : rest.prefix { $0.row == first.row }
            rest = rest.dropFirst(lines.count)
            let choices = try lines.map { (line) throws(Problem) in try Self.choice(line) }
            // Of several words none is better than another one: that is refused later, with the lines.
            let only = Set(choices.compactMap(\.self)).count == 1 ? choices.compactMap(\.self).first : nil
            for (line, choice) in zip(lines, choices) {
                if let choice = choice ?? only { decisions.append(decision(line, choice)) }
            }
        }
        return decisions
    }

    private static func choice(_ entry: Entry) throws(Problem) -> ConflictDecision.Choice? {
        let word = (entry.decision ?? "").lowercased().filter { !$0.isWhitespace }
        guard !word.isEmpty else { return nil }
        guard let choice = ConflictDecision.Choice(rawValue: word) else {
            throw refused(
                "line \(entry.line) decides '\((entry.decision ?? "").visible())'",
                hint: "A decision is before, now or skip; leave it empty where there is none yet.")
        }
        return choice
    }

    /// - Parameter record: the place of the cell in the file, counted from 0; nil if it has none there.
    public func decision(_ choice: ConflictDecision.Choice, record: Int) -> ConflictDecision? {
        entries.indices.contains(record) ? decision(entries[record], choice) : nil
    }

    /// How many cells it has.
    public var count: Int { entries.count }

    /// - Parameter record: the place of the cell in the file, counted from 0, below `count`.
    public func line(_ record: Int) -> Line {
        let entry = entries[record]
        let fields = places.map { entry.fields[$0] }
        func word(_ place: Int?) -> String { place.flatMap { entry.fields[$0] } ?? "" }
        return Line(
            table: fields[0] ?? "", key: fields[1] ?? "", verdict: word(verdictPlace),
            column: fields[2] ?? "", values: Array(fields[3...5]), writtenSince: word(writtenPlace),
            reason: word(reasonPlace),
            decision: entry.decision.flatMap { ConflictDecision.Choice(rawValue: $0) })
    }

    private func decision(_ entry: Entry, _ choice: ConflictDecision.Choice) -> ConflictDecision {
        let fields = places.map { entry.fields[$0] }
        return ConflictDecision(
            table: fields[0] ?? "", key: fields[1] ?? "", column: fields[2] ?? "", before: fields[3],
            after: fields[4], now: fields[5], choice: choice, line: entry.line,
            isThere: reasonPlace.map { entry.fields[$0] != RowJudge.deletedReason })
    }

    static func refused(
        _ reason: String,
        hint: String = "Edit the conflicts.csv of an undo as text: spreadsheets may change values."
    ) -> Problem {
        Problem(.usage, "the file of decisions is not understood", detail: reason, hint: hint)
    }
}

/// Reads CSV as PostgreSQL writes it: nothing at all is NULL, a pair of quotes the empty string.
enum CSVReader {
    struct Record: Hashable {
        /// Of its beginning, counted from 1: a value may have line ends in it.
        var number: Int
        var fields: [String?]
    }

    static func records(_ bytes: [UInt8]) throws(Problem) -> [Record] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DecisionFile.refused("it is not UTF-8")
        }
        var scanner = Scanner(text.hasPrefix("\u{FEFF}") ? bytes.dropFirst(3) : bytes[...])
        var records: [Record] = []
        while let record = try scanner.record() { records.append(record) }
        return records
    }

    private struct Scanner {
        private var rest: ArraySlice<UInt8>
        private var line = 1

        init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

        /// Empty lines are passed over.
        mutating func record() throws(Problem) -> Record? {
            while let byte = rest.first, byte == 10 || byte == 13 {
                if byte == 10 { line += 1 }
                rest.removeFirst()
            }
            guard !rest.isEmpty else { return nil }
            var record = Record(number: line, fields: [])
            while true {
                record.fields.append(try field(of: record))
                guard let end = rest.popFirst() else { return record }
                if end == UInt8(ascii: ",") { continue }
                if end == 13, rest.first == 10 { rest.removeFirst() }
                line += 1
                return record
            }
        }

        private mutating func field(of record: Record) throws(Problem) -> String? {
            guard rest.first == 34 else {
                let plain = rest.prefix { ![UInt8(ascii: ","), 10, 13].contains($0) }
                guard !plain.contains(34) else {
                    throw DecisionFile.refused("line \(line) has a quotation mark inside of a field")
                }
                rest = rest[plain.endIndex...]
                return plain.isEmpty ? nil : String(decoding: plain, as: UTF8.self)
            }
            rest.removeFirst()
            var value: [UInt8] = []
            while let byte = rest.popFirst() {
                if byte == 34 {
                    guard rest.first == 34 else { return try closed(value) }
                    rest.removeFirst()
                }
                if byte == 10 { line += 1 }
                value.append(byte)
            }
            throw DecisionFile.refused("a quotation mark is missing behind line \(record.number)")
        }

        private func closed(_ value: [UInt8]) throws(Problem) -> String {
            guard rest.first.map({ [UInt8(ascii: ","), 10, 13].contains($0) }) ?? true else {
                throw DecisionFile.refused("line \(line) goes on behind a quotation mark")
            }
            return String(decoding: value, as: UTF8.self)
        }
    }
}
