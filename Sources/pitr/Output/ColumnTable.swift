import Platform

/// Rows under a header, columns apart by two blanks, as az prints tables.
///
/// In a pipe a table is as wide as it is. On a terminal it has to fit: columns give way in the order of their
/// importance, and the widest that are left are broken at blanks. A word is never broken: where words are too
/// long, columns behind the second give way from the right.
struct ColumnTable: Hashable, Sendable {
    var header: [String]
    var rows: [[String]]
    /// Whether it holds somebody's own data: then every column stays, and no cell is a state.
    var isData = false

    /// The columns that give way, the first of them first. Columns that are not listed stay.
    private static let lesser = [
        "Operation Id", "Availability zone", "HA State", "Storage Size(GiB)", "Location", "Correlation",
        "AllowedValues", "DataType", "Source", "DefaultValue", "Version", "Tier", "As", "Stored",
        "Copy Deleted", "Took",
        "Max Disk IOPS", "Earliest Restore", "Resource Group", "Caller", "SKU", "Size", "Backup Type", "Tags",
        "Not Run", "Passed", "Failed", "Restore", "Started", "Since", "Kind", "Index Size",
        "Record size (%)", "FPI size (%)",
    ]
    private static let gap = 2
    /// What a column that is broken keeps at least.
    private static let leastBroken = 16

    /// Nothing at all for no rows.
    ///
    /// - Parameters:
    ///   - width: columns of the terminal; nil for no limit.
    ///   - colors: whether states are marked.
    func render(width: Int? = nil, colors: Bool = false) -> String {
        guard !rows.isEmpty else { return "" }
        var table = self
        table.rows = rows.map { cells in cells.map { $0.visible() } }
        let dropped = isData ? [] : width.map { table.giveWay(to: $0) } ?? []
        let text = table.lines(width: width, colors: colors && !isData)
        guard !dropped.isEmpty else { return text }
        let words = "(not shown: \(dropped.joined(separator: ", ")))"
        return text + Self.broken(words, at: width ?? words.count).joined(separator: "\n") + "\n"
    }

    private var widths: [Int] {
        header.indices.map { column in rows.map { $0[column].count }.reduce(header[column].count, max) }
    }

    private static func whole(_ widths: [Int]) -> Int {
        widths.reduce(0, +) + gap * max(0, widths.count - 1)
    }

    /// Takes columns away until the rest fits or only important ones are left.
    private mutating func giveWay(to width: Int) -> [String] {
        var dropped: [String] = []
        for name in Self.lesser {
            guard Self.whole(widths) > width else { break }
            guard header.count > 2, let column = header.firstIndex(of: name) else { continue }
            remove(column, &dropped)
        }
        while header.count > 2, Self.whole(zip(widths, leastWidths).map(min)) > width {
            remove(header.count - 1, &dropped)
        }
        return dropped
    }

    private mutating func remove(_ column: Int, _ dropped: inout [String]) {
        // Of a column that is empty everywhere nothing has to be said.
        if rows.contains(where: { !$0[column].isEmpty }) { dropped.append(header[column]) }
        header.remove(at: column)
        for row in rows.indices { rows[row].remove(at: column) }
    }

    /// How narrow each column can become.
    private var leastWidths: [Int] {
        header.indices.map { column in
            let words = rows.lazy.flatMap { $0[column].split(separator: " ") }
            return max(Self.leastBroken, header[column].count, words.map(\.count).max() ?? 0)
        }
    }

    private func lines(width: Int?, colors: Bool) -> String {
        var widths = widths
        if let width {
            let least = leastWidths
            var excess = Self.whole(widths) - width
            while excess > 0,
                let widest = widths.indices.filter({ widths[$0] > least[$0] }).max(by: {
                    widths[$0] < widths[$1]
                })
            {
                let taken = min(excess, widths[widest] - least[widest])
                widths[widest] -= taken
                excess -= taken
            }
            // A word that is too long for the last column reaches beyond it, in its own line only.
            if excess > 0, let last = widths.indices.last {
                let narrow = max(Self.leastBroken, header[last].count, widths[last] - excess)
                widths[last] = min(widths[last], narrow)
            }
        }
        let rule = widths.map { String(repeating: "-", count: $0) }
        var text = Self.line(header, widths, colors: false) + Self.line(rule, widths, colors: false)
        for cells in rows {
            let broken = zip(cells, widths).map { Self.broken($0, at: $1) }
            for line in 0..<(broken.map(\.count).max() ?? 0) {
                text += Self.line(broken.map { line < $0.count ? $0[line] : "" }, widths, colors: colors)
            }
        }
        return text
    }

    private static func line(_ cells: [String], _ widths: [Int], colors: Bool) -> String {
        let last = cells.lastIndex { !$0.isEmpty } ?? -1
        return zip(cells, widths).prefix(last + 1).enumerated().map { index, pair in
            let (cell, width) = pair
            let blanks = index == last ? "" : String(repeating: " ", count: max(0, width - cell.count) + gap)
            return (colors ? TerminalColor.state(cell)?.paint(cell) ?? cell : cell) + blanks
        }.joined() + "\n"
    }

    /// The cell in lines of at most that width, broken at blanks.
    private static func broken(_ cell: String, at width: Int) -> [String] {
        guard cell.count > width else { return [cell] }
        var lines = [""]
        for word in cell.split(separator: " ") {
            let current = lines[lines.count - 1]
            if current.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if current.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
