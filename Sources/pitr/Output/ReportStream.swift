import Notation
import Platform

/// Prints a list item by item as it comes, so that a long one takes no memory.
///
/// What comes out is what `Report` would print of the whole list; only a table's columns do not wait for
/// their widest cell.
struct ReportStream {
    private let format: OutputFormat
    private let colors: Bool
    private let output: (String) throws -> Bool
    private var count = 0
    /// False once nobody reads any more: what would follow need not be made.
    private(set) var hasReader = true

    /// - Parameter output: takes text, and says whether anybody still reads it.
    init(_ format: OutputFormat, colors: Bool, output: @escaping (String) throws -> Bool) {
        self.format = format
        self.colors = colors
        self.output = output
    }

    /// - Parameters:
    ///   - document: what a program gets; not made where a person reads.
    ///   - line: what a person gets, without its line end.
    mutating func add(_ document: @autoclosure () -> some Encodable, line: @autoclosure () -> String) throws {
        count += 1
        switch format {
        case .table, .text: try write(line().visible() + "\n")
        case .none: break
        default: try addValue(JSONValue(encoding: document()))
        }
    }

    private mutating func addValue(_ item: JSONValue) throws {
        switch format {
        case .json, .jsonc:
            let text = JSONText.render(.array([item]), colors: colors && format == .jsonc)
            // Without the brackets of the list of one: they are written once, around all.
            try write((count == 1 ? "[\n" : ",\n") + text.dropFirst(2).dropLast(3))
        case .tsv: try write(TSVText.render(.array([item])))
        case .yaml: try write(try YAMLText.render(.array([item])))
        case .yamlc: try write(try YAMLText.render(.array([item]), colors: colors))
        case .table, .text, .none: break
        }
    }

    /// Ends the list.
    mutating func finish() throws {
        switch format {
        case .json, .jsonc: try write(count == 0 ? "[]\n" : "\n]\n")
        case .yaml where count == 0, .yamlc where count == 0: try write(try YAMLText.render(.array([])))
        default: break
        }
    }

    private mutating func write(_ text: String) throws {
        if hasReader { hasReader = try output(text) }
    }
}
