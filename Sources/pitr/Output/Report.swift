import AzureAPI
import ControlPlane
import Platform

/// What a command answers: a value for programs and a view of it for people.
struct Report: Sendable {
    /// What the table format shows.
    enum View: Sendable {
        case columns(ColumnTable)
        case text(PersonText)
        /// Printed as it is.
        case plain(String)
    }

    /// Nil prints nothing, in any format.
    var value: OutputValue?
    var view: View
    /// What failed although there is something to print: said after it, and the program's end.
    var failure: Problem?

    static let nothing = Report(value: nil, view: .plain(""))

    init(value: OutputValue?, view: View) {
        self.value = value
        self.view = view
    }

    init(_ document: some Encodable, _ text: PersonText) throws {
        self.init(value: try OutputValue(encoding: document), view: .text(text))
    }

    init(_ documents: some Encodable, _ header: [String], _ rows: [[String]]) throws {
        self.init(
            value: try OutputValue(encoding: documents),
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
    ///   - colors: whether the coloured formats and the states in tables are coloured.
    ///   - fits: whether tables have to fit into the width.
    func render(
        _ format: OutputFormat, colors: Bool = false, width: Int = 100, fits: Bool = false
    ) throws -> String {
        guard let value else { return "" }
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
            case .plain(let text): return text
            }
        }
    }
}
