import Foundation
import Testing

/// A function that no longer fits on a screen is two.
@Suite struct FunctionLengthTests {
    static let longest = 60

    /// `path:line: name, so many lines` for every function that is too long, from its first line to its
    /// closing brace.
    static func tooLong(_ file: SourceText) -> [String] {
        var found: [String] = []
        var open: [(line: Int, depth: Int, name: String)] = []
        var waiting: (line: Int, name: String)?
        var depth = 0
        for (index, line) in file.code.enumerated() {
            if let name = name(in: line) { waiting = (index, name) }
            for character in line {
                if character == "{" {
                    if let start = waiting { open.append((start.line, depth, start.name)) }
                    waiting = nil
                    depth += 1
                } else if character == "}" {
                    // What a protocol asks for has no body; the next brace is another's.
                    waiting = nil
                    depth -= 1
                    guard let last = open.last, last.depth == depth else { continue }
                    open.removeLast()
                    let count = index - last.line + 1
                    if count > longest {
                        found.append("\(file.path):\(last.line + 1): \(last.name), \(count) lines")
                    }
                }
            }
        }
        return found
    }

    private static func name(in line: String) -> String? {
        let pattern = #"\b(func\s+\S[^(<]*|init\??)\s*[(<]"#
        guard let range = line.range(of: pattern, options: .regularExpression),
            !line.contains(".init"), !line.contains("self.init"), !line.contains("super.init")
        else { return nil }
        return String(line[range].dropLast())
    }

    @Test func `keeps functions short`() throws {
        let found = try SourceText.all().flatMap(Self.tooLong)
        #expect(found.isEmpty, "at most \(Self.longest) lines:\n\(found.joined(separator: "\n"))")
    }

    @Test func `takes no body for that of a protocol's last requirement`() {
        let body = String(repeating: "    case a\n", count: Self.longest + 1)
        let text = "protocol P {\n    func a()\n}\nenum E {\n\(body)}\n"
        #expect(Self.tooLong(SourceText(path: "A.swift", text)).isEmpty)
    }

    @Test func `finds a long function, and not the short ones around it`() {
        func text(_ count: Int) -> String {
            let body = String(repeating: "    if a { b() }\n", count: count)
            return "func short() {\n    a()\n}\nfunc long(\n    a: Int\n) {\n\(body)}\nfunc other() { a() }\n"
        }
        #expect(Self.tooLong(SourceText(path: "A.swift", text(Self.longest - 4))).isEmpty)
        let found = Self.tooLong(SourceText(path: "A.swift", text(Self.longest - 3)))
        #expect(found == ["A.swift:4: func long, \(Self.longest + 1) lines"])
    }
}
