/// A page of the guide as a program: its commands in order, and what each of them should print.
///
/// Blocks fenced as `sh` are commands. A block fenced as `text` right after one is what to expect of it.
/// Blocks of other kinds are for the eye only.
struct GuidePage {
    struct Step: Equatable {
        /// Line of the page on which the commands begin, from 1.
        var line: Int
        var commands: [String]
        var expected: [ExpectedLine]
    }

    let name: String
    let steps: [Step]

    /// Reads markdown; a fence that is never closed, or an expectation without commands, is an error.
    init(name: String, markdown: String) throws(Flaw) {
        self.name = name
        var steps: [Step] = []
        var open: (language: String, line: Int, content: [String])?
        let lines = markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (index, line) in lines.enumerated() {
            guard line.hasPrefix("```") else {
                open?.content.append(line)
                continue
            }
            guard let block = open else {
                open = (String(line.dropFirst(3)), index + 2, [])
                continue
            }
            open = nil
            switch block.language {
            case "sh":
                steps.append(Step(line: block.line, commands: block.content, expected: []))
            case "text":
                guard let last = steps.indices.last else { throw Flaw.nothingToExpectFrom(line: block.line) }
                steps[last].expected += block.content.compactMap(ExpectedLine.init)
            default: break
            }
        }
        if let open { throw Flaw.unclosed(line: open.line) }
        self.steps = steps
    }

    enum Flaw: Error, Equatable {
        case unclosed(line: Int)
        case nothingToExpectFrom(line: Int)
    }
}

/// A line that output should have: `…` stands for anything, and how much blank there is does not matter.
struct ExpectedLine: Equatable, CustomStringConvertible {
    private let pieces: [String]

    /// Nil for an empty line, which says nothing.
    init?(_ text: String) {
        let pieces = text.split(separator: "…").map { Self.squeezed(String($0)) }.filter { !$0.isEmpty }
        guard !pieces.isEmpty else { return nil }
        self.pieces = pieces
    }

    var description: String { pieces.joined(separator: " … ") }

    func matches(_ line: String) -> Bool {
        var rest = Self.squeezed(line)[...]
        for piece in pieces {
            guard let place = rest.firstRange(of: piece) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }

    private static func squeezed(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The first expectation that the lines do not meet in order; nil when all are met.
    static func firstMissing(_ expected: [ExpectedLine], in output: String) -> ExpectedLine? {
        var lines = output.split(separator: "\n").map(String.init)[...]
        for wanted in expected {
            guard let place = lines.firstIndex(where: wanted.matches) else { return wanted }
            lines = lines[(place + 1)...]
        }
        return nil
    }
}
