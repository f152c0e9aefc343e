import Notation
import PostgresClient

/// What a query returned, for people and for programs.
enum QueryView {
    static func report(_ result: StatementResult?, _ format: OutputFormat) -> Report {
        guard let result else { return Report(value: .array([]), view: .plain("")) }
        let names = unique(result.columns.map(\.name))
        let rows = result.rows.map { row in
            zip(result.columns, row).map { value($1, type: $0.type) }
        }
        // Between tabs nothing tells the columns but their order, so it is the statement's.
        let values =
            format == .tsv
            ? rows.map(JSONValue.array)
            : rows.map { .object(JSONObject(zip(names, $0))) }
        return Report(
            value: .array(values),
            view: .columns(
                ColumnTable(
                    header: result.columns.map(\.name), rows: result.rows.map { $0.map { $0 ?? "" } },
                    isData: true)))
    }

    /// `count`, `count_2`: an object holds a name once.
    static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.map { name in
            var candidate = name
            var number = 1
            while !seen.insert(candidate).inserted {
                number += 1
                candidate = "\(name)_\(number)"
            }
            return candidate
        }
    }

    /// Truth values and numbers where nothing is lost by it; all else is PostgreSQL's text, `numeric` too.
    static func value(_ text: String?, type: ColumnType) -> JSONValue {
        guard let text else { return .null }
        switch type {
        case .boolean: return .bool(text == "t")
        case .integer: return Int64(text).map(JSONValue.integer) ?? .string(text)
        case .floating:
            return Double(text).flatMap { $0.isFinite ? .double($0) : nil } ?? .string(text)
        case .other: return .string(text)
        }
    }
}
