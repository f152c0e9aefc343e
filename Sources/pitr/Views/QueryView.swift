import PostgresClient

/// What a query returned, for people and for programs.
enum QueryView {
    static func report(_ result: StatementResult?, _ format: OutputFormat) -> Report {
        guard let result else { return Report(value: .list([]), view: .plain("")) }
        let names = unique(result.columns.map(\.name))
        let rows = result.rows.map { row in
            zip(result.columns, row).map { value($1, type: $0.type) }
        }
        // Between tabs nothing tells the columns but their order, so it is the statement's.
        let values =
            format == .tsv
            ? rows.map(OutputValue.list)
            : rows.map { .object(Dictionary(uniqueKeysWithValues: zip(names, $0))) }
        return Report(
            value: .list(values),
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
    static func value(_ text: String?, type: ColumnType) -> OutputValue {
        guard let text else { return .null }
        switch type {
        case .boolean: return .bool(text == "t")
        case .integer: return Int(text).map(OutputValue.integer) ?? .text(text)
        case .floating:
            return Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .text(text)
        case .other: return .text(text)
        }
    }
}
