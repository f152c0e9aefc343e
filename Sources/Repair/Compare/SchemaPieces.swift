public import Platform
public import PostgresClient

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
        var heading: Heading?
        var lines: [Substring] = []
        func trimmed() -> String {
            var kept = lines[...]
            while let first = kept.first, first.isEmpty || first == "--" { kept = kept.dropFirst() }
            while let last = kept.last, last.isEmpty || last == "--" { kept = kept.dropLast() }
            return kept.joined(separator: "\n")
        }
        for line in dump.split(separator: "\n", omittingEmptySubsequences: false) {
            if let next = Self.heading(line) {
                if let heading {
                    if heading.kind.hasPrefix("DATABASE") { Self.dropSettings(&lines) }
                    pieces[heading, default: []].append(trimmed())
                }
                (heading, lines) = (next, [])
            } else {
                lines.append(line)
            }
        }
        guard let heading else { return }
        Self.dropEnd(&lines)
        if heading.kind.hasPrefix("DATABASE") { Self.dropSettings(&lines) }
        pieces[heading, default: []].append(trimmed())
    }

    /// Connecting to the database that was made, and the session's settings anew: as what stands before the
    /// first heading they say nothing of the schema, and depend on the server's version.
    private static func dropSettings(_ lines: inout [Substring]) {
        guard var start = lines.lastIndex(where: { $0.hasPrefix("\\connect ") }),
            let end = lines[start...].firstIndex(where: { $0.hasPrefix("SET row_security = ") })
        else { return }
        // A random word against commands of `psql` stands around it.
        while start > 0, lines[start - 1].isEmpty || lines[start - 1].hasPrefix("\\unrestrict ") {
            start -= 1
        }
        lines.removeSubrange(start...end)
    }

    private static func dropEnd(_ lines: inout [Substring]) {
        while let last = lines.last,
            last.isEmpty || last == "--" || last == "-- PostgreSQL database dump complete"
                || last.hasPrefix("\\unrestrict ")
        {
            lines.removeLast()
        }
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

/// The versions of a database's extensions, which no dump of definitions has.
public struct ExtensionVersions: Sendable {
    private var versions: [String: String] = [:]

    public init(_ connection: Connection) throws(Problem) {
        let rows = try connection.query("SELECT extname, extversion FROM pg_catalog.pg_extension")
        for row in 0..<rows.count {
            guard let name = rows[row, "extname"] else { continue }
            versions[name] = rows[row, "extversion"]
        }
    }

    /// Of the extensions on both sides; others are definitions that are on one side only.
    public func differences(from there: ExtensionVersions) -> [SchemaDifference] {
        versions.sorted { $0.key < $1.key }.compactMap { name, version in
            guard let other = there.versions[name], Cell(other) != Cell(version) else { return nil }
            func text(_ version: String) -> String {
                "ALTER EXTENSION \(QualifiedName.quoted(name)) UPDATE TO \(SQLText.literal(version));"
            }
            return SchemaDifference(
                kind: "EXTENSION", schema: "", name: name, here: text(version), there: text(other))
        }
    }
}
