import Platform
import Testing

/// docs/troubleshooting.md has every error code.
struct TroubleshootingTests {
    private static let path =
        DurableFiles.parent(of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))
        + "/docs/troubleshooting.md"

    @Test func `every error code is explained, in the order of the alphabet`() throws {
        let text = String(decoding: try DurableFiles.read(Self.path), as: UTF8.self)
        let codes = text.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
        #expect(codes == ProblemCode.allCases.map(\.rawValue).sorted())
    }

    @Test func `each has a message and what to do, and a status where it is not 1`() throws {
        let text = String(decoding: try DurableFiles.read(Self.path), as: UTF8.self)
        for section in text.split(separator: "\n## ").dropFirst() {
            let lines = section.split(separator: "\n")
            let code = try #require(ProblemCode(rawValue: String(lines[0])))
            #expect(lines.count >= 3 && lines[1].hasPrefix("> "), "\(code)")
            let status = code.exitStatus == 1 ? "" : "Exit status \(code.exitStatus)."
            #expect(section.contains("Exit status") ? section.contains(status) : status.isEmpty, "\(code)")
        }
    }
}
