public import Platform
public import PostgresClient

/// Runs the statements of a script with other expectations than they have: each has to stop.
///
/// A statement that has lost its guard does on a copy of now just what it would do with it.
public struct GuardTrial {
    private let connection: Connection

    /// invalid_text_representation: how a statement stops, see `RepairScript.check`.
    private static let stopped = "22P02"

    /// - Parameter connection: to the copy, in a transaction that is rolled back.
    public init(_ connection: Connection) {
        self.connection = connection
    }

    /// Of each statement that wrote rows although none was as it expected them: what is wrong.
    public func differences(_ statements: [String]) throws(Problem) -> [String] {
        var found: [String] = []
        for statement in statements {
            guard let spoiled = Self.spoiled(statement) else {
                if Self.writes(statement) { found.append("without a guard: \(Self.title(statement))") }
                continue
            }
            try connection.execute("SAVEPOINT guarded")
            do throws(Problem) {
                try connection.execute(spoiled)
                found.append("writes rows that are not as planned: \(Self.title(statement))")
            } catch {
                guard error.code == .queryFailed, connection.isOpen else { throw error }
                // With its guard it writes nothing that could be refused.
                if connection.lastFailure?.sqlState != Self.stopped {
                    found.append("tries rows that are not as planned: \(Self.title(statement))")
                }
            }
            try connection.execute("ROLLBACK TO guarded; RELEASE guarded")
        }
        return found
    }

    /// The statement with other texts for all rows that it expects; nil where it expects none.
    ///
    /// Those that it wants are others as well: a row may look, but for its key, as another one is to be, and
    /// would count as done already.
    ///
    /// Values stand in one line each and have no line end in them, so that what is looked for is no value.
    static func spoiled(_ statement: String) -> String? {
        guard let head = statement.firstMatch(of: /(^|\n)(WITH |)p\(([a-z0-9, ]+)\) AS \(VALUES\n/),
            let end = statement[head.range.upperBound...].firstMatch(of: /\),\n(done|gone|changed) AS \(/)
        else { return nil }
        let names = head.output.3.split(separator: ", ")
        guard names.contains("expected") else { return nil }
        let columns = names.map { name in
            ["expected", "wanted"].contains(name) ? "'other: ' || \(name)" : String(name)
        }
        let list = names.joined(separator: ", ")
        var text = String(statement[..<head.range.lowerBound])
        text += "\(head.output.1)\(head.output.2)planned(\(list)) AS (VALUES\n"
        text += statement[head.range.upperBound..<end.range.lowerBound]
        text += "),\np(\(list)) AS (SELECT \(columns.joined(separator: ", ")) FROM planned"
        text += statement[end.range.lowerBound...]
        return text
    }

    private static func writes(_ statement: String) -> Bool {
        statement.contains(/\n\s*(UPDATE|DELETE FROM) (ONLY )?"/)
    }

    private static func title(_ statement: String) -> String {
        String(statement.prefix { $0 != "\n" }).visible(keepsLines: false)
    }
}
