/// Prints a list item by item as it comes, so that a long one takes no memory.
///
/// What comes out is what `Report` would print of the whole list; only a table's columns do not wait for
/// their widest cell.
struct ReportStream {
    private let format: OutputFormat
    private let colors: Bool
    private let write: (String) -> Void
    private var count = 0

    init(_ format: OutputFormat, colors: Bool, write: @escaping (String) -> Void) {
        self.format = format
        self.colors = colors
        self.write = write
    }

    /// - Parameter line: what a person gets, without its line end.
    mutating func add(_ item: OutputValue, line: @autoclosure () -> String) throws {
        count += 1
        switch format {
        case .table: write(line() + "\n")
        case .json, .jsonc:
            let text = JSONText.render(.list([item]), colors: colors && format == .jsonc)
            // Without the brackets of the list of one: they are written once, around all.
            write((count == 1 ? "[\n" : ",\n") + text.dropFirst(2).dropLast(3))
        case .tsv: write(TSVText.render(.list([item])))
        case .yaml: write(try YAMLText.render(.list([item])))
        case .yamlc: write(try YAMLText.render(.list([item]), colors: colors))
        case .none: break
        }
    }

    /// Ends the list.
    func finish() throws {
        switch format {
        case .json, .jsonc: write(count == 0 ? "[]\n" : "\n]\n")
        case .yaml where count == 0, .yamlc where count == 0: write(try YAMLText.render(.list([])))
        default: break
        }
    }
}
