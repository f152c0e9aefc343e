import Platform

/// A text for a person: headed sections of named values, wrapped to the width of the terminal.
struct PersonText: Hashable, Sendable {
    enum Line: Hashable, Sendable {
        case heading(String)
        case field(String, String)
        case item(String)
        /// Not wrapped: something to paste.
        case command(String)
    }

    private(set) var lines: [Line] = []

    mutating func heading(_ text: String) {
        lines.append(.heading(text))
    }

    /// Leaves the line out when there is no value.
    mutating func field(_ name: String, _ value: String?) {
        if let value { lines.append(.field(name, value)) }
    }

    mutating func item(_ text: String) {
        lines.append(.item(text))
    }

    mutating func command(_ text: String) {
        lines.append(.command(text))
    }

    mutating func append(_ other: PersonText) {
        lines += other.lines
    }

    func render(width: Int = 100) -> String {
        let names = lines.compactMap { line in if case .field(let name, _) = line { name.count } else { nil }
        }
        let column = min(names.max() ?? 0, 24) + 4
        var text = ""
        for (position, line) in lines.enumerated() {
            switch line {
            case .heading(let title):
                text += (position == 0 ? "" : "\n") + title + "\n"
            case .field(let name, let value):
                let label = "  " + name
                text += label + String(repeating: " ", count: max(column - label.count, 1))
                text += Self.wrap(value, width: width, indent: column)
            case .item(let item):
                text += "  - " + Self.wrap(item, width: width, indent: 4)
            case .command(let command):
                text += "  " + command + "\n"
            }
        }
        return text.visible(keepsLines: true)
    }

    /// Breaks at blanks; a word longer than the line stays whole. The first line starts at `indent` already.
    static func wrap(_ value: String, width: Int, indent: Int) -> String {
        let room = max(width - indent, 20)
        return value.split(separator: "\n").flatMap { wrap($0, room: room) }
            .joined(separator: "\n" + String(repeating: " ", count: indent)) + "\n"
    }

    private static func wrap(_ value: Substring, room: Int) -> [String] {
        var lines: [String] = []
        var current = ""
        for word in value.split(separator: " ", omittingEmptySubsequences: false) {
            if !current.isEmpty && current.count + 1 + word.count > room {
                lines.append(current)
                current = String(word)
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return lines + [current]
    }
}
