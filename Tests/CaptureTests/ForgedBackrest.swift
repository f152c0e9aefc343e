import Notation
import Platform
import Repository
import TestKit

@testable import Capture

/// A repository as pgBackRest lays it out, of what a test says.
struct ForgedBackrest {
    static let label = "20261130-071500F"

    let scratch: ScratchDirectory
    /// Lines of the manifest: of `target:file`, and what is said otherwise than it would be.
    var files: [(name: String, value: String)] = []
    var format = "5"
    var packing = "none"
    var backup: [(name: String, value: String)] = []
    var server: [(name: String, value: String)] = [
        ("db-id", "1"), ("db-system-id", "7"), ("db-version", "\"15\""),
    ]
    var isOnline = true

    init() throws {
        scratch = try ScratchDirectory("forgedbackrest")
    }

    var folder: String { scratch.file("repo/backup/main/\(Self.label)") }

    func put(_ bytes: [UInt8], _ name: String) throws {
        let path = folder + "/" + name
        try DurableFiles.makeDirectories(DurableFiles.parent(of: path))
        try DurableFiles.write(bytes, to: path, durable: false)
    }

    /// Says that there is a file of that content, and where else than under its name.
    mutating func say(
        _ name: String, _ content: [UInt8], size: Int? = nil, stored: Int? = nil, _ more: String = ""
    ) {
        let sum = Hexadecimal.text(SHA1.hash(content))
        let stored = stored.map { ",\"repo-size\":\($0)" } ?? ""
        let size = size ?? content.count
        files.append(
            (name, "{\(more)\"checksum\":\"\(sum)\"\(stored),\"size\":\(size),\"timestamp\":1796033356}"))
    }

    static func text(
        _ all: [(name: String, lines: [(name: String, value: String)])], format: String = "5"
    ) -> [UInt8] {
        let own = (name: "backrest", lines: [(name: "backrest-format", value: format)])
        let sections = [own] + all.filter { !$0.lines.isEmpty }
        let shown = sections.map { section in
            let lines = section.lines.map { "\"\($0.name)\":\($0.value)" }
            return "\"\(section.name)\":{\(lines.joined(separator: ","))}"
        }
        let sum = Hexadecimal.text(SHA1.hash(Array("{\(shown.joined(separator: ","))}".utf8)))
        let text = sections.map { section in
            "[\(section.name)]\n" + section.lines.map { "\($0.name)=\($0.value)\n" }.joined()
        }
        return Array((text.joined(separator: "\n") + "\n[backrest]\nbackrest-checksum=\"\(sum)\"\n").utf8)
    }

    var manifest: [UInt8] {
        Self.text(
            [
                ("backup", [("backup-label", "\"\(Self.label)\"")] + backup),
                ("backup:db", server),
                (
                    "backup:option",
                    [("option-compress-type", "\"\(packing)\""), ("option-online", "\(isOnline)")]
                ),
                ("target:file", files), ("target:path", [("pg_data", "{}"), ("pg_data/base", "{}")]),
            ], format: format)
    }

    static let info = text([
        ("backup:current", [(label, "{\"backup-timestamp-stop\":1796033361}")]),
        ("db:history", [("1", "{\"db-system-id\":7,\"db-version\":\"15\"}")]),
    ])

    func write() throws {
        try put(manifest, "backup.manifest")
        try put(Self.info, "../backup.info")
    }

    func base() throws(Problem) -> FoundBase {
        try BackrestRepository(at: scratch.file("repo"), stanza: nil).base(nil)
    }

    /// What was read of each file, and what is wrong with them, in words.
    func read() throws -> (contents: [String: [UInt8]], damages: [String]) {
        var contents: [String: [UInt8]] = [:]
        var damages: [String] = []
        var current = ""
        let reader = FoundBaseReader(
            base: try base(), cancellation: CancellationFlag(), progress: SilentProgress(),
            scratch: .temporary())
        try reader.read { piece in
            switch piece {
            case .file(let path, _):
                current = path
                contents[path] = []
            case .content(let bytes): contents[current]?.append(contentsOf: bytes)
            case .damaged(let words): damages.append(words)
            case .directory, .end, .left, .part, .whole, .earlier: break
            }
        }
        return (contents, damages)
    }
}
