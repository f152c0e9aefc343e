import PostgresFormat

extension SchemaDifference {
    /// The statement that removes an object which is only here; nil for one that is on both sides or only
    /// there, for a part of an object (a default, rights, a comment), and for kinds whose statement is not
    /// plain.
    ///
    /// Names are those of the statement that makes it, as PostgreSQL quoted them: headings of a dump do not
    /// quote.
    public var removal: String? {
        guard let here, there == nil else { return nil }
        var text = SQLScan(here)
        text.dropSettings()
        switch kind {
        case "TABLE", "SEQUENCE":
            guard text.takes("CREATE "), text.passes("UNLOGGED "), text.takes(kind + " ") else {
                return nil
            }
            return text.name().map { "DROP \(kind) \($0);" }
        case "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "TYPE", "DOMAIN", "COLLATION", "SCHEMA":
            guard text.takes("CREATE \(kind) ") else { return nil }
            return text.name().map { "DROP \(kind) \($0);" }
        case "EXTENSION":
            guard text.takes("CREATE EXTENSION IF NOT EXISTS ") else { return nil }
            return text.name().map { "DROP EXTENSION \($0);" }
        case "INDEX":
            guard text.takes("CREATE "), text.passes("UNIQUE "), text.takes("INDEX "),
                let index = text.name(), text.takes(" ON "), text.passes("ONLY "),
                let schema = text.nameParts()?.dropLast().first
            else { return nil }
            return "DROP INDEX \(schema).\(index);"
        case "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT":
            guard text.takes("ALTER TABLE "), text.passes("ONLY "), let table = text.name(),
                text.takes("\n    ADD CONSTRAINT "), let constraint = text.name()
            else { return nil }
            return "ALTER TABLE \(table) DROP CONSTRAINT \(constraint);"
        case "POLICY":
            guard text.takes("CREATE POLICY "), let policy = text.name(), text.takes(" ON "),
                let table = text.name()
            else { return nil }
            return "DROP POLICY \(policy) ON \(table);"
        case "FUNCTION", "PROCEDURE":
            // The heading has the types of its arguments, as they are told apart.
            guard text.takes("CREATE \(kind) "), let function = text.nameParts(), let last = function.last,
                name.hasPrefix(SQLScan.plain(last) + "("), name.hasSuffix(")")
            else { return nil }
            let arguments = name.dropFirst(SQLScan.plain(last).count)
            return "DROP \(kind) \(function.joined(separator: "."))\(arguments);"
        default: return nil
        }
    }
}

/// Reads words and names from the beginning of a statement.
private struct SQLScan {
    private var rest: Substring.UnicodeScalarView

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    /// Settings in front of the statement.
    mutating func dropSettings() {
        while takes("SET "), let end = rest.firstIndex(of: "\n") { rest = rest[rest.index(after: end)...] }
    }

    mutating func takes(_ word: String) -> Bool {
        guard rest.starts(with: word.unicodeScalars) else { return false }
        rest = rest.dropFirst(word.unicodeScalars.count)
        return true
    }

    /// Passes over a word that need not be there.
    mutating func passes(_ word: String) -> Bool {
        _ = takes(word)
        return true
    }

    /// With its schema, if there is one.
    mutating func name() -> String? { nameParts()?.joined(separator: ".") }

    mutating func nameParts() -> [String]? {
        var parts: [String] = []
        repeat {
            guard let part = namePart() else { return nil }
            parts.append(part)
        } while takes(".")
        return parts
    }

    private mutating func namePart() -> String? {
        var part = String.UnicodeScalarView()
        if takes("\"") {
            part.append("\"")
            while let next = rest.popFirst() {
                part.append(next)
                guard next == "\"" else { continue }
                // Two of them are one in the name.
                guard takes("\"") else { return String(part) }
                part.append("\"")
            }
            return nil
        }
        while let next = rest.first,
            next.properties.isAlphabetic || "0123456789_$".unicodeScalars.contains(next)
        {
            part.append(next)
            rest = rest.dropFirst()
        }
        return part.isEmpty ? nil : String(part)
    }

    /// A name without its quotes.
    static func plain(_ name: String) -> String {
        guard name.hasPrefix("\"") else { return name }
        return String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
}
