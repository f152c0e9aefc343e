import Foundation
import Testing

/// What the build resolved is what docs/dependencies.md says, since a resolved file is not kept.
@Suite struct DependencyTests {
    private struct Resolved: Decodable {
        struct Pin: Decodable {
            struct State: Decodable { var version: String? }
            var identity: String
            var state: State
        }
        var pins: [Pin]
    }

    /// Name and version of every row that has them.
    static func listed(_ page: String) -> Set<String> {
        Set(
            page.components(separatedBy: "\n").compactMap { line in
                let cells = line.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                guard cells.count == 5, cells[2].first?.isNumber == true else { return nil }
                return "\(cells[1]) \(cells[2])"
            })
    }

    @Test func `the page lists every package with the version that was resolved`() throws {
        let file = SourceText.root.appendingPathComponent("Package.resolved")
        let resolved = try JSONDecoder().decode(Resolved.self, from: Data(contentsOf: file))
        let versions = Set(resolved.pins.map { "\($0.identity) \($0.state.version ?? "unknown")" })
        let page = SourceText.root.appendingPathComponent("docs/dependencies.md")
        let listed = Self.listed(try String(contentsOf: page, encoding: .utf8))
        #expect(!versions.isEmpty)
        #expect(listed.symmetricDifference(versions).sorted() == [])
    }

    @Test func `direct packages are pinned to one version`() throws {
        let manifest = SourceText.root.appendingPathComponent("Package.swift")
        let lines = try String(contentsOf: manifest, encoding: .utf8).components(separatedBy: "\n")
        let packages = lines.filter { $0.contains(".package(url:") }
        #expect(packages.count > 5)
        #expect(packages.filter { !$0.contains("exact:") } == [])
    }

    @Test func `reads name and version of a row`() {
        let page = "| package | version | direct |\n|---|---|---|\n| yams | 6.2.2 | yes |\n| x | 1.0.0 | |\n"
        #expect(Self.listed(page) == ["yams 6.2.2", "x 1.0.0"])
    }
}
