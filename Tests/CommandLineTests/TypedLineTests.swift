import ControlPlane
import Foundation
import Testing

@testable import pitr

/// A command line that is being completed.
struct TypedLineTests {
    @Test(arguments: [
        ("pitr backup show -s orders -n", "orders"), ("pitr backup show --server-name=orders -n", "orders"),
        ("pitr restore --source-server orders --backup", "orders"),
        ("pitr restore --source-server = orders --backup", "orders"), ("pitr restore --backup", nil),
        ("pitr restore -s", nil),
    ])
    func `finds the server that names depend on`(_ line: String, _ server: String?) {
        #expect(TypedLine(words: line.split(separator: " ").map(String.init)).server == server)
    }

    @Test func `has no names, and makes nothing, where there is no state`() {
        let home = "/tmp/no-such-state-\(UUID().uuidString)"
        let line = TypedLine(words: ["pitr", "show", "--home", home, "-g", "other", "-n"])
        #expect(line.group == "other")
        #expect(line.names?.servers(in: "local") == [] && line.names?.groups == [])
        #expect(line.names?.backups(of: "orders", in: "local") == [])
        #expect(line.names?.databases(of: "orders", in: "local") == [] && line.names?.drills == [])
        #expect(!FileManager.default.fileExists(atPath: home))
    }

    @Test func `offers the operations of restores that evidence is kept of, and drills`() throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("names-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: home) }
        for name in ["evidence/3f.json", "evidence/3f.json.tmp", "drills/d1.json", "results/r1/result.json"] {
            let file = home.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: file)
        }
        let names = KnownNames(home: home.path)
        #expect(names.evidence(in: "local") == ["3f"] && names.drills == ["d1"])
        #expect(names.results == ["r1"])
    }
}
