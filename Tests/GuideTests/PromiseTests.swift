import Foundation
import Platform
import Testing

/// `docs/promises.md` names the test that shows each promise.
struct PromiseTests {
    private static let root = DurableFiles.parent(
        of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))

    /// Of a table's last column: what stands between backticks.
    private static func named(in page: String) -> [[String]] {
        page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| promise") }.map { line in
            let shown = line.split(separator: "|").last ?? ""
            return shown.matches(of: /`([^`]+)`/).map { String($0.output.1) }
        }
    }

    private static func page() throws -> String {
        String(decoding: try DurableFiles.read(root + "/docs/promises.md"), as: UTF8.self)
    }

    @Test func `every promise is shown by a test that there is`() throws {
        let files = try #require(FileManager.default.enumerator(atPath: Self.root + "/Tests"))
        var tests: Set<String> = []
        for case let path as String in files where path.hasSuffix(".swift") {
            let bytes = try DurableFiles.read(Self.root + "/Tests/" + path)
            for match in String(decoding: bytes, as: UTF8.self).matches(of: /func `([^`]+)`/) {
                tests.insert(String(match.output.1))
            }
        }
        let rows = Self.named(in: try Self.page())
        #expect(rows.count > 20 && rows.allSatisfy { !$0.isEmpty }, "a promise without a test")
        let missing = rows.joined().filter { !tests.contains($0) }
        #expect(missing.isEmpty, "no such test: \(missing.joined(separator: "; "))")
    }

    @Test func `finds a row without a test, and each of several`() {
        let rows = Self.named(in: "| promise | shown by |\n| a `b` | |\n| c | `d e`, `f` |\n")
        #expect(rows == [[], ["d e", "f"]])
    }
}
