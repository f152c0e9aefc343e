import Notation
import Platform
import Repository
import TestKit
import TestValues
import Testing

@testable import Capture

/// Texts of pgBackRest of which some bytes are others: each is refused, or read as what it says, and never
/// more than that.
struct FuzzedBackrestTests {
    /// A repository with a bundle and files of their own.
    private static func forged() throws -> ForgedBackrest {
        var forged = try ForgedBackrest()
        let contents = (1...3).map { [UInt8](repeating: UInt8($0), count: $0 * 1000) }
        for (number, content) in contents.enumerated() {
            let offset = contents[..<number].reduce(0) { $0 + $1.count }
            forged.say(
                "pg_data/base/1/\(number)", content, stored: content.count,
                "\"bni\":1,\"bno\":\(offset),\"reference\":\"\(ForgedBackrest.label)\",")
        }
        try forged.put(contents.flatMap { $0 }, "bundle/1")
        forged.say("pg_data/PG_VERSION", Array("15\n".utf8), "\"checksum-page\":true,")
        try forged.put(Array("15\n".utf8), "pg_data/PG_VERSION")
        try forged.write()
        #expect(try forged.read().damages == [])
        return forged
    }

    /// The text with the checksum that it should have, as far as its lines are lines.
    private static func sealed(_ text: [UInt8]) -> [UInt8] {
        var sections: [(name: String, lines: [String])] = []
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                sections.append((String(line.dropFirst().dropLast()), []))
            } else if !line.hasPrefix("backrest-checksum="), !sections.isEmpty {
                sections[sections.count - 1].lines.append(String(line))
            }
        }
        sections.removeAll { $0.lines.isEmpty }
        let shown = sections.map { section in
            let lines = section.lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return "\"\(parts[0])\":\(parts.count > 1 ? String(parts[1]) : "")"
            }
            return "\"\(section.name)\":{\(lines.joined(separator: ","))}"
        }
        let sum = Hexadecimal.text(SHA1.hash(Array("{\(shown.joined(separator: ","))}".utf8)))
        let printed = sections.map { "[\($0.name)]\n" + $0.lines.map { $0 + "\n" }.joined() }
        return Array((printed.joined() + "[backrest]\nbackrest-checksum=\"\(sum)\"\n").utf8)
    }

    /// One to four bytes are others; often one that means something to who reads it.
    private static func changed(_ text: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var text = text
        let meaning = Array("\"/.={}[]:,\n-09e".utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<text.count, using: &random)
            text[place] =
                Bool.random(using: &random)
                ? meaning[Int.random(in: 0..<meaning.count, using: &random)] : text[place] ^ 0x15
        }
        return text
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["backup.manifest", "../backup.info"])
    func `a text of pgBackRest with other bytes in it is refused`(_ name: String) throws {
        let forged = try Self.forged()
        let text = name == "backup.manifest" ? forged.manifest : ForgedBackrest.info
        var random = SeededRandom()
        for _ in 0..<300 {
            let changed = Self.changed(text, &random)
            guard changed != text else { continue }
            try forged.put(changed, name)
            let problem = #expect(throws: Problem.self) { try forged.base() }
            #expect(
                [.backupDamaged, .operationNotSupported].contains(problem?.code),
                "seed \(random.seed): \(String(decoding: changed, as: UTF8.self))")
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["backup.manifest", "../backup.info"])
    func `where its checksum fits all the same, nothing outside of the backup is read or named`(
        _ name: String
    ) throws {
        let forged = try Self.forged()
        let text = name == "backup.manifest" ? forged.manifest : ForgedBackrest.info
        var random = SeededRandom()
        var refused = 0
        var damaged = 0
        for _ in 0..<600 {
            let changed = Self.sealed(Self.changed(text, &random))
            try forged.put(changed, name)
            let words = "seed \(random.seed): \(String(decoding: changed, as: UTF8.self))"
            do {
                let (contents, damages) = try forged.read()
                damaged += damages.isEmpty ? 0 : 1
                for path in contents.keys {
                    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
                    #expect(!parts.contains { ["", ".", ".."].contains($0) }, "\(words)")
                }
                // What has its SHA-1 is of the repository.
                #expect(contents.values.allSatisfy { $0.count <= 6000 }, "\(words)")
            } catch let problem as Problem {
                refused += 1
                #expect(
                    [.backupDamaged, .operationNotSupported, .invalidParameterValue].contains(problem.code),
                    "\(problem), \(words)")
            }
        }
        #expect(refused > 100)
        #expect(damaged > 0 || name != "backup.manifest")
    }
}
