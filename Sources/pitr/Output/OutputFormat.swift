import ArgumentParser
import Notation

/// How a result is printed; az's names.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case json, jsonc, table, tsv, yaml, yamlc, none
    /// What a person at a terminal gets, wherever it goes: for a pipe to `less`. az does not have it.
    case text

    /// Whether it is for a person to read.
    var isForPerson: Bool { self == .table || self == .text }

    /// Letter case does not matter, as in az.
    init?(argument: String) {
        self.init(rawValue: argument.lowercased())
    }

    /// A person gets a table, a program gets JSON.
    static func usual(isTerminal: Bool) -> OutputFormat {
        isTerminal ? .table : .json
    }
}
