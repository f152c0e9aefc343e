import Platform
import Testing

/// The pages refer to each other and to files of the project.
struct LinkTests {
    private static let root = DurableFiles.parent(
        of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))

    private static let pages: [String] =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
        + ["docs", "docs/guide", "docs/decisions"].flatMap { folder in
            ((try? DurableFiles.list(root + "/" + folder)) ?? []).filter { $0.hasSuffix(".md") }.sorted()
                .map { folder + "/" + $0 }
        }

    @Test(arguments: pages) func `links lead somewhere`(_ page: String) throws {
        let path = Self.root + "/" + page
        let text = String(decoding: try DurableFiles.read(path), as: UTF8.self)
        for target in Self.targets(text) where !target.contains("://") {
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let file = parts[0].isEmpty ? path : DurableFiles.parent(of: path) + "/" + parts[0]
            #expect(DurableFiles.status(file) != nil, "\(page) refers to \(target)")
            guard parts.count > 1, let bytes = try DurableFiles.readIfPresent(file) else { continue }
            let anchors = Self.anchors(String(decoding: bytes, as: UTF8.self))
            #expect(anchors.contains(String(parts[1])), "\(page) refers to \(target)")
        }
    }

    @Test func `finds links and headings`() {
        #expect(Self.targets("see [a](b.md#c) and [d](e)") == ["b.md#c", "e"])
        #expect(Self.anchors("# One, two\ntext\n## A-b c") == ["one-two", "a-b-c"])
    }

    /// What stands in the round brackets of `[words](target)`.
    private static func targets(_ text: String) -> [String] {
        text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    }

    /// Headings as a link names them: small letters, hyphens for blanks, no punctuation.
    private static func anchors(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
            String(
                heading.drop { $0 == "#" || $0 == " " }.lowercased().map { $0 == " " ? "-" : $0 }
                    .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        }
    }
}
