/// A schema as `pg_dump` writes it, in the pieces that its headings make.
///
/// Format: before each object stands `-- Name: orders; Type: TABLE; Schema: public; Owner: bob`. A comment
/// in the body of a function may look like one: then a piece is cut in two, and what differs still does.
public struct SchemaPieces: Sendable {
    struct Heading: Hashable, Sendable, Comparable {
        var kind: String
        var schema: String
        var name: String

        static func < (left: Heading, right: Heading) -> Bool {
            (left.schema, left.name, left.kind) < (right.schema, right.name, right.kind)
        }
    }

    private var pieces: [Heading: [String]] = [:]

    /// - Parameter dump: of a schema, in plain text.
    public init(_ dump: String) {
        var heading = Heading(kind: "SETTINGS", schema: "", name: "")
        var lines: [Substring] = []
        func trimmed() -> String {
            var kept = lines[...]
            while let first = kept.first, first.isEmpty || first == "--" { kept = kept.dropFirst() }
            while let last = kept.last, last.isEmpty || last == "--" { kept = kept.dropLast() }
            return kept.joined(separator: "\n")
        }
        for line in dump.split(separator: "\n", omittingEmptySubsequences: false) where !Self.isChance(line) {
            if let next = Self.heading(line) {
                pieces[heading, default: []].append(trimmed())
                (heading, lines) = (next, [])
            } else {
                lines.append(line)
            }
        }
        pieces[heading, default: []].append(trimmed())
    }

    /// What says nothing of the schema: a random word against commands of `psql`, and versions.
    private static func isChance(_ line: Substring) -> Bool {
        ["\\restrict ", "\\unrestrict ", "-- Dumped from ", "-- Dumped by "].contains { line.hasPrefix($0) }
    }

    private static func heading(_ line: Substring) -> Heading? {
        guard line.hasPrefix("-- Name: "), let type = line.firstRange(of: "; Type: "),
            let schema = line.firstRange(of: "; Schema: "), type.upperBound <= schema.lowerBound
        else { return nil }
        let name = line[line.index(line.startIndex, offsetBy: 9)..<type.lowerBound]
        let rest = line[schema.upperBound...]
        let end = rest.firstRange(of: "; Owner: ")?.lowerBound ?? rest.endIndex
        return Heading(
            kind: String(line[type.upperBound..<schema.lowerBound]),
            schema: rest[..<end] == "-" ? "" : String(rest[..<end]), name: String(name))
    }

    /// What is not the same, in the order of names. The order of a dump means nothing.
    public func differences(from there: SchemaPieces) -> [SchemaDifference] {
        Set(pieces.keys).union(there.pieces.keys).sorted().compactMap { heading in
            let mine = (pieces[heading] ?? []).map { Cell($0) }
            let its = (there.pieces[heading] ?? []).map { Cell($0) }
            guard mine.sorted(by: Self.precedes) != its.sorted(by: Self.precedes) else { return nil }
            func text(_ pieces: [Cell]) -> String? {
                pieces.isEmpty ? nil : pieces.map(\.text).joined(separator: "\n\n")
            }
            return SchemaDifference(
                kind: heading.kind, schema: heading.schema, name: heading.name, here: text(mine),
                there: text(its))
        }
    }

    private static func precedes(_ left: Cell, _ right: Cell) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
