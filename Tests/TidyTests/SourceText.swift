import Foundation
import Testing

/// A source file as the rules look at it: its code and its comments apart, with the contents of texts
/// blanked.
struct SourceText {
    /// Relative to the package, for example `Sources/Platform/Problem.swift`.
    let path: String
    let lines: [String]
    /// The lines without comments and without what stands between quotes.
    let code: [String]
    /// Which lines hold a text, or are part of one of several lines.
    let hasText: [Bool]
    /// The lines, and the code, as they stand below each other.
    let wholeText: String
    let wholeCode: String

    init(path: String, _ content: String) {
        self.path = path
        var lines = content.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
        var code: [String] = []
        var hasText: [Bool] = []
        var isInsideText = false
        for line in lines {
            let parts = line.components(separatedBy: "\"\"\"")
            let begins = isInsideText
            if parts.count > 1 { isInsideText.toggle() }
            if begins || parts.count > 1 {
                code.append(begins ? "" : Self.plain(parts[0]).code)
                hasText.append(true)
            } else {
                let plain = Self.plain(line)
                code.append(plain.code)
                hasText.append(plain.hasText)
            }
        }
        self.code = code
        self.hasText = hasText
        wholeText = lines.joined(separator: "\n")
        wholeCode = code.joined(separator: "\n")
    }

    /// The target's folder: `Platform` of `Sources/Platform/Problem.swift`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    private static func plain(_ line: String) -> (code: String, hasText: Bool) {
        var result = ""
        var isQuoted = false
        var hasText = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" {
                isQuoted.toggle()
                hasText = true
            } else if !isQuoted {
                if character == "/", previous == "/" {
                    result.removeLast()
                    break
                }
                result.append(character)
            }
            previous = previous == "\\" ? " " : character
        }
        return (result, hasText)
    }

    /// The package's root, found from this file.
    static var root: URL {
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Every Swift file of the package, read once for all rules.
    static func all() throws -> [SourceText] { try known.get() }

    private static let known = Result { try readAll() }

    private static func readAll() throws -> [SourceText] {
        var files = [try read("Package.swift")]
        for folder in ["Sources", "Tests"] {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path + "/" + folder)
            for path in paths.sorted() where path.hasSuffix(".swift") {
                files.append(try read(folder + "/" + path))
            }
        }
        return files
    }

    private static func read(_ path: String) throws -> SourceText {
        let content = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        return SourceText(path: path, content)
    }
}
