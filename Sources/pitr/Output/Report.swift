import AzureAPI
import Notation
import Platform
import ServiceModel

/// What a command answers: a value for programs and a view of it for people.
struct Report: Sendable {
    /// What the table format shows.
    enum View: Sendable {
        case columns(ColumnTable)
        case text(PersonText)
        /// A long one, made only where it is printed.
        case longText(@Sendable () -> PersonText)
        /// Printed as it is.
        case plain(String)
    }

    /// Nil prints nothing, in any format.
    var value: JSONValue?
    var view: View
    /// A list that `value` leaves out.
    var list: LongList?
    /// What failed although there is something to print: said after it, and the program's end.
    var failure: Problem?
    /// What the program ends with where nothing failed: 1 where what was asked for is not so.
    var exitStatus: Int32 = 0

    static let nothing = Report(value: nil, view: .plain(""))

    init(value: JSONValue?, view: View) {
        self.value = value
        self.view = view
    }

    init(_ document: some Encodable, _ text: PersonText) throws {
        self.init(value: try JSONValue(encoding: document), view: .text(text))
    }

    /// - Parameter list: what is missing in the document.
    init(
        _ document: some Encodable, with list: LongList, _ text: @escaping @Sendable () -> PersonText
    ) throws {
        self.init(value: try JSONValue(encoding: document), view: .longText(text))
        self.list = list
    }

    init(_ documents: some Encodable, _ header: [String], _ rows: [[String]]) throws {
        self.init(
            value: try JSONValue(encoding: documents),
            view: .columns(ColumnTable(header: header, rows: rows)))
    }

    /// What was done, action by action; a failed one makes the program fail, so that a timer notices.
    init(_ actions: [MaintenanceAction]) throws {
        try self.init(
            actions.map(MaintenanceDocument.init), ChildViews.actionColumns, actions.map(ChildViews.row))
        let failed = actions.filter(\.outcome.isFailure)
        if let first = failed.first {
            failure = Problem(
                .system, "\(failed.count) of \(actions.count) actions failed",
                detail: "\(first.action) \(first.subject) \(first.outcome)")
        }
    }

    /// The one place that knows every output format.
    ///
    /// - Parameters:
    ///   - query: the part that is asked for; nothing is printed where that is null.
    ///   - colors: whether the coloured formats and the states in tables are coloured.
    ///   - fits: whether tables have to fit into the width.
    func render(
        _ format: OutputFormat, query: QueryPath? = nil, colors: Bool = false, width: Int = 100,
        fits: Bool = false
    ) throws -> String {
        guard var value = try wholeValue(format) else { return "" }
        if let query {
            value = try query.part(of: value)
            if value == .null { return "" }
        }
        switch format {
        case .json: return JSONText.render(value)
        case .jsonc: return JSONText.render(value, colors: colors)
        case .tsv: return TSVText.render(value)
        case .yaml: return try YAMLText.render(value)
        case .yamlc: return try YAMLText.render(value, colors: colors)
        case .none: return ""
        case .table, .text:
            switch view {
            case .columns(let table): return table.render(width: fits ? width : nil, colors: colors)
            case .text(let text): return text.render(width: width)
            case .longText(let text): return text().render(width: width)
            case .plain(let text): return text
            }
        }
    }

    /// Prints it piece by piece where it has a long list and the format allows that.
    ///
    /// - Parameter output: takes text, and says whether anybody still reads it.
    /// - Returns: whether it did.
    func write(_ format: OutputFormat, colors: Bool, to output: (String) throws -> Bool) throws -> Bool {
        guard let list, case .object(let fields)? = value, format == .json || format == .jsonc else {
            return false
        }
        try JSONText.write(fields, with: list, colors: colors && format == .jsonc, to: output)
        return true
    }

    /// The value with the list that was left out, where the format prints values.
    private func wholeValue(_ format: OutputFormat) throws -> JSONValue? {
        guard let list, case .object(var fields)? = value else { return value }
        switch format {
        case .table, .text, .none: return value
        default:
            fields[list.name] = try list.value()
            return .object(fields)
        }
    }
}
