import Foundation
import Testing

/// PostgreSQL says WAL: a log is what a server, a recovery or a daemon writes for people.
@Suite(.timeLimit(.minutes(5))) struct WordTests {
    /// The folders in which nobody writes a log for people.
    private static let folders = [
        "Planning", "WALEvents", "Holdings", "PostgresFormat", "Repository", "Repair",
    ].flatMap { ["Sources/\($0)/", "Tests/\($0)Tests/"] }

    /// What may be said of a log that is one.
    private static let logs = [
        #"(activity|server|message|recovery|git|system|write-ahead)[- ]logs?\b"#,
        #"(server|PostgreSQL|daemon|recovery|copy|machine)'s (own )?log\b"#, #"\bown message log\b"#,
        #"\blog (file|in|out)s?\b"#, #"\blogs? (it|connections)\b"#, #"\w\.log\b"#,
        #"\bswift-log\b"#, #"\bline for the log\b"#, #"\bits log and the\b"#, #""log""#,
    ].joined(separator: "|")

    private static func saysLog(_ line: String) -> Bool {
        line.replacingOccurrences(of: logs, with: "", options: [.regularExpression, .caseInsensitive])
            .range(of: #"\b[Ll]ogs?\b"#, options: .regularExpression) != nil
    }

    @Test func `code, comments and tests that are about WAL do not call it log`() throws {
        let found = try SourceText.all().filter { file in
            Self.folders.contains { file.path.hasPrefix($0) }
        }.flatMap { file in
            file.lines.enumerated().filter { Self.saysLog($1) }.map { "\(file.path):\($0 + 1): \($1)" }
        }
        #expect(found == [])
    }

    @Test func `pages call WAL WAL`() throws {
        // These two say which word is not ours.
        let exempt = ["docs/GLOSSARY.md", "docs/STYLE.md"]
        let found = try Page.all().filter { !exempt.contains($0.path) }.flatMap { page in
            page.prose.filter { Self.saysLog($1) }.map { "\(page.path):\($0): \($1)" }
        }
        #expect(found == [])
    }

    @Test(arguments: [
        "    /// Where the log ends.", "let log = held.wal", "A log of many small transactions",
        "func `the log ends there`()",
    ])
    func `finds a log that is WAL`(_ line: String) {
        #expect(Self.saysLog(line))
    }

    @Test(arguments: [
        "the server's log tells why", "/// The activity log", "its message log", "catalog and login",
    ])
    func `leaves a log that is one`(_ line: String) {
        #expect(!Self.saysLog(line))
    }
}

/// A page as people read it: what stands in code, inline or in blocks, is left out.
private struct Page {
    let path: String
    /// With their numbers.
    let prose: [(number: Int, line: String)]

    init(path: String, _ content: String) {
        self.path = path
        var isCode = false
        prose = content.components(separatedBy: "\n").enumerated().compactMap { index, line in
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode else { return nil }
            return (
                index + 1,
                line.replacingOccurrences(
                    of: #"`[^`]*`|\]\([^)]*\)"#, with: "", options: .regularExpression)
            )
        }
    }

    static func all() throws -> [Page] {
        let docs = try FileManager.default.subpathsOfDirectory(atPath: SourceText.root.path + "/docs")
        let paths = docs.map { "docs/" + $0 } + ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        return try paths.filter { $0.hasSuffix(".md") }.sorted().map { path in
            Page(
                path: path,
                try String(contentsOf: SourceText.root.appendingPathComponent(path), encoding: .utf8))
        }
    }
}
