public import Platform

/// A schema as `pg_dump` writes it, in the pieces that its headings make. The text stays in the file.
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

    /// Where a piece's text lies in the file.
    fileprivate struct Piece: Hashable, Sendable {
        var start: UInt64
        var end: UInt64
        /// What was set ahead of its heading and is no default: its tablespace, its access method.
        var settings: [String]
        var isLast = false
    }

    private let file: OpenFile
    private let pieces: [Heading: [Piece]]

    /// - Parameter file: a dump of a schema, in plain text. It may be removed as long as this is there.
    public init(_ file: OpenFile) throws(Problem) {
        self.file = file
        var scanner = SchemaScanner()
        try file.forEachChunk { (bytes, offset) throws(Problem) in
            scanner.feed(bytes, at: offset)
            return true
        }
        pieces = scanner.finish(at: try file.size())
    }

    /// What is not the same, in the order of names. The order of a dump means nothing.
    public func differences(from there: SchemaPieces) throws(Problem) -> [SchemaDifference] {
        var found: [SchemaDifference] = []
        for heading in Set(pieces.keys).union(there.pieces.keys).sorted() {
            let mine = try texts(heading)
            let its = try there.texts(heading)
            guard mine.sorted(by: Self.precedes) != its.sorted(by: Self.precedes) else { continue }
            func text(_ pieces: [Cell]) -> String? {
                pieces.isEmpty ? nil : pieces.map(\.text).joined(separator: "\n\n")
            }
            found.append(
                SchemaDifference(
                    kind: heading.kind, schema: heading.schema, name: heading.name, here: text(mine),
                    there: text(its)))
        }
        return found
    }

    private static func precedes(_ left: Cell, _ right: Cell) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    // MARK: Texts

    private func texts(_ heading: Heading) throws(Problem) -> [Cell] {
        try (pieces[heading] ?? []).map { (piece) throws(Problem) in
            var bytes = [UInt8](repeating: 0, count: Int(piece.end - piece.start))
            let read = bytes.withUnsafeMutableBytes { buffer -> Result<Int, Problem> in
                do throws(Problem) {
                    return .success(try file.read(into: buffer, at: piece.start))
                } catch {
                    return .failure(error)
                }
            }
            guard try read.get() == bytes.count else {
                throw Problem(.system, "a file of this comparison was cut short", detail: file.path)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            if piece.isLast { Self.dropEnd(&lines) }
            if heading.kind.hasPrefix("DATABASE") { Self.dropSettings(&lines) }
            return Cell((piece.settings + [Self.trimmed(lines)]).joined(separator: "\n"))
        }
    }

    private static func trimmed(_ lines: [Substring]) -> String {
        var kept = lines[...]
        while let first = kept.first, first.isEmpty || first == "--" { kept = kept.dropFirst() }
        while let last = kept.last, last.isEmpty || last == "--" || SchemaSettings.has(last) {
            kept = kept.dropLast()
        }
        return kept.joined(separator: "\n")
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
}

/// Settings that a dump changes in front of the objects that need them: they belong to what follows, and to
/// all that follows until they are changed again.
private struct SchemaSettings {
    private static let tablespace = "SET default_tablespace = "
    private static let method = "SET default_table_access_method = "
    private static let defaults: Set<String> = [tablespace + "'';", method + "heap;"]
    /// Kinds of objects for which a dump sets the tablespace.
    private static let placed: Set<String> = [
        "TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW", "INDEX", "CONSTRAINT",
    ]

    private var current: [String: String] = [:]

    /// Whether the line is one of these settings and nothing else: text of an object may begin like one.
    static func has(_ line: some StringProtocol) -> Bool {
        let text = String(line)
        guard text.hasSuffix(";"), let start = [tablespace, method].first(where: text.hasPrefix) else {
            return false
        }
        let value = String(text.dropFirst(start.count).dropLast())
        return isName(value) || start == tablespace && value == "''"
    }

    /// As `fmtId` of PostgreSQL's tools writes it: in double quotes unless it is plain.
    private static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let quote = UInt8(ascii: "\"")
        guard bytes.first == quote else {
            return !bytes.isEmpty
                && bytes.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
        guard bytes.count > 2, bytes.last == quote else { return false }
        let inner = bytes[1..<bytes.count - 1]
        // Quotes within are doubled: without those pairs none is left.
        var isOpen = false
        for byte in inner {
            if byte == quote { isOpen.toggle() } else if isOpen { return false }
        }
        return !isOpen
    }

    mutating func take(_ line: String) {
        current[line.hasPrefix(Self.method) ? Self.method : Self.tablespace] = line
    }

    /// What is set for an object of that kind and is no default.
    func lines(for kind: String) -> [String] {
        guard Self.placed.contains(kind) else { return [] }
        let hasMethod = kind == "TABLE" || kind == "MATERIALIZED VIEW"
        return ([Self.tablespace] + (hasMethod ? [Self.method] : [])).compactMap { current[$0] }
            .filter { !Self.defaults.contains($0) }
    }
}

/// Finds the headings of a dump, whose bytes come piece by piece.
private struct SchemaScanner {
    /// In bytes, of a line that is looked at.
    private static let longestLine = 1 << 16
    private static let mark = Array("-- Name: ".utf8)

    private var pieces: [SchemaPieces.Heading: [SchemaPieces.Piece]] = [:]
    private var current: (heading: SchemaPieces.Heading, piece: SchemaPieces.Piece)?
    private var line: [UInt8] = []
    private var lineStart: UInt64 = 0
    private var settings = SchemaSettings()
    /// Settings with nothing behind them yet.
    private var waiting: [String] = []

    mutating func feed(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        var place = 0
        while place < bytes.count {
            let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            line.append(contentsOf: bytes[place..<min(end, place + Self.longestLine - line.count)])
            guard end < bytes.count else { return }
            take(next: offset + UInt64(end) + 1)
            place = end + 1
        }
    }

    private mutating func take(next: UInt64) {
        defer {
            line.removeAll(keepingCapacity: true)
            lineStart = next
        }
        if line.isEmpty || line.elementsEqual("--".utf8) { return }
        let text = String(decoding: line, as: UTF8.self)
        if line.starts(with: Self.mark), let heading = Self.heading(text) {
            close(at: lineStart)
            waiting.forEach { settings.take($0) }
            current = (
                heading,
                SchemaPieces.Piece(start: next, end: next, settings: settings.lines(for: heading.kind))
            )
            waiting = []
        } else if SchemaSettings.has(text) {
            waiting.append(text)
        } else {
            waiting = []
        }
    }

    private mutating func close(at end: UInt64, isLast: Bool = false) {
        guard case (let heading, var piece)? = current else { return }
        piece.end = max(end, piece.start)
        piece.isLast = isLast
        pieces[heading, default: []].append(piece)
    }

    mutating func finish(at end: UInt64) -> [SchemaPieces.Heading: [SchemaPieces.Piece]] {
        if !line.isEmpty { take(next: end) }
        close(at: end, isLast: true)
        return pieces
    }

    private static func heading(_ line: String) -> SchemaPieces.Heading? {
        guard let type = line.firstRange(of: "; Type: "), let schema = line.firstRange(of: "; Schema: "),
            type.upperBound <= schema.lowerBound
        else { return nil }
        let name = line[line.index(line.startIndex, offsetBy: mark.count)..<type.lowerBound]
        let rest = line[schema.upperBound...]
        let end = rest.firstRange(of: "; Owner: ")?.lowerBound ?? rest.endIndex
        return SchemaPieces.Heading(
            kind: String(line[type.upperBound..<schema.lowerBound]),
            schema: rest[..<end] == "-" ? "" : String(rest[..<end]), name: String(name))
    }
}
