import Foundation
import Testing

/// The law of the house.
struct TidyTests {
    static let longestLine = 110
    /// The formatter cannot break a text; it may run a little over.
    static let longestText = 120
    static let longestFile = 400

    static func tooLong(_ file: SourceText) -> [String] {
        let lines = zip(file.lines, file.hasText).enumerated().compactMap { index, line -> String? in
            let limit = line.1 ? longestText : longestLine
            guard line.0.count > limit else { return nil }
            return "\(file.path):\(index + 1): \(line.0.count) characters, at most \(limit)"
        }
        guard file.lines.count > longestFile else { return lines }
        return lines + [
            "\(file.path): \(file.lines.count) lines, at most \(longestFile); split it by what it is about"
        ]
    }

    @Test func `keeps lines and files short`() throws {
        let found = try SourceText.all().flatMap(Self.tooLong)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test func `looks at every file`() throws {
        let files = try SourceText.all()
        #expect(files.count > 200)
        #expect(files.contains { $0.path == "Sources/Platform/Problem.swift" })
        #expect(files.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
    }

    @Test func `finds a long line and a long file`() {
        let long = String(repeating: "x", count: Self.longestLine + 1)
        #expect(Self.tooLong(SourceText(path: "A.swift", long)).count == 1)
        #expect(Self.tooLong(SourceText(path: "A.swift", String(long.dropLast()))).isEmpty)
        let text = "f(\"" + String(repeating: "x", count: Self.longestText - 4) + "\")"
        #expect(Self.tooLong(SourceText(path: "A.swift", text)).count == 1)
        let many = String(repeating: "x\n", count: Self.longestFile)
        #expect(Self.tooLong(SourceText(path: "A.swift", many)).isEmpty)
        #expect(Self.tooLong(SourceText(path: "A.swift", many + "x")).count == 1)
    }

    @Test(arguments: Ban.all) func `keeps to a ban`(_ ban: Ban) throws {
        let found = try SourceText.all().flatMap(ban.violations)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test(arguments: Ban.all) func `finds what a ban forbids`(_ ban: Ban) {
        let bad = SourceText(path: ban.example.path, "import Testing\n" + ban.example.line + "\n")
        let found = ban.violations(in: bad)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(ban.example.path + ":2: " + ban.name) == true)
        #expect(found.first?.contains(ban.replacement) == true)
    }

    @Test func `looks at code only, not at comments and texts`() {
        let file = SourceText(
            path: "Sources/Platform/A.swift",
            """
            // fatalError() is not for us
            let words = "fatalError()"  // nor try!
            let escaped = "\\"" + "fatalError("
            let sql = \"\"\"
                print(fatalError())
                \"\"\"
            """)
        #expect(Ban.all.flatMap { $0.violations(in: file) }.isEmpty)
    }

    @Test func `keeps sleeps and prints where they belong`() {
        let text = "print(1)\nusleep(1)\nlet now = Date()"
        func found(_ path: String) -> [String] {
            Ban.all.flatMap { $0.violations(in: SourceText(path: path, text)) }
        }
        #expect(found("Sources/pitr/A.swift").count == 1)
        #expect(found("Sources/Platform/A.swift").count == 1)
        #expect(found("Tests/PlatformTests/A.swift").count == 3)
    }

    @Test func `lets no test be written that has no name in words`() throws {
        let pattern = #"@Test(\([^)]*\))?\s+(static\s+)?func\s+[A-Za-z_]"#
        let found = try SourceText.all().filter(\.isTest).flatMap { file in
            file.lines.filter { $0.range(of: pattern, options: .regularExpression) != nil }
                .map { "\(file.path): \($0)" }
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }
}
