import Platform

/// A `$filter` as Azure Resource Manager takes it: comparisons joined by `and`.
struct ODataFilter: Hashable, Sendable {
    struct Comparison: Hashable, Sendable {
        var field: String
        /// `eq`, `ge` or whatever stands there, in lower case.
        var operation: String
        /// Without its quotes.
        var value: String
    }

    var comparisons: [Comparison]

    static let longest = 4096

    /// Throws `.badRequest` with what cannot be understood.
    init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.longest else { throw Self.refusal("it is too long") }
        let words = try Self.words(text)
        comparisons = []
        var rest = words[...]
        while !rest.isEmpty {
            if !comparisons.isEmpty {
                guard case .plain(let joint)? = rest.popFirst(), joint.lowercased() == "and" else {
                    throw Self.refusal("comparisons can only be joined by 'and'")
                }
            }
            guard case .plain(let field)? = rest.popFirst(),
                case .plain(let operation)? = rest.popFirst(), let value = rest.popFirst()
            else { throw Self.refusal("a comparison is not complete") }
            let isTwice = comparisons.contains {
                $0.field.lowercased() == field.lowercased() && $0.operation == operation.lowercased()
            }
            guard !isTwice else {
                throw Self.refusal("'\(field.prefix(80)) \(operation.prefix(20))' is there twice")
            }
            comparisons.append(
                Comparison(field: field, operation: operation.lowercased(), value: value.text))
        }
    }

    /// The refusal of a field, or of a way to compare it, that is not known.
    static func unknown(_ comparison: Comparison, known: [String]) -> Problem {
        refusal(
            "'\(comparison.field.prefix(80)) \(comparison.operation.prefix(20))' is not among: "
                + known.joined(separator: ", "))
    }

    static func refusal(_ why: String) -> Problem {
        Problem(.badRequest, "The $filter of the request is not valid.", detail: why)
    }

    // MARK: Words

    private enum Word {
        case plain(String)
        case quoted(String)

        var text: String {
            switch self {
            case .plain(let text), .quoted(let text): text
            }
        }
    }

    /// Words between blanks, and texts between quotes.
    private static func words(_ text: String) throws(Problem) -> [Word] {
        var words: [Word] = []
        var rest = Substring(text)
        while true {
            rest = rest.drop(while: \.isWhitespace)
            guard let first = rest.first else { return words }
            if first == "'" {
                rest.removeFirst()
                words.append(.quoted(try quoted(&rest)))
            } else {
                let word = rest.prefix { !$0.isWhitespace && $0 != "'" }
                words.append(.plain(String(word)))
                rest = rest[word.endIndex...]
            }
        }
    }

    /// Takes a text and the quote behind it; two quotes in it are one.
    ///
    /// az does not double them. So one that is followed by neither a blank nor the end is part of the text.
    private static func quoted(_ rest: inout Substring) throws(Problem) -> String {
        var text = ""
        while let character = rest.popFirst() {
            guard character == "'" else {
                text.append(character)
                continue
            }
            if rest.first == "'" {
                rest.removeFirst()
            } else if rest.first?.isWhitespace ?? true {
                return text
            }
            text.append("'")
        }
        throw refusal("a quote is not closed")
    }
}
