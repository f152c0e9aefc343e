import Platform
import PostgresFormat
import TestKit
import Testing
import TestValues

@testable import ControlPlane

/// Evidence in one file that shows whether it is as it was.
struct EvidenceBundleTests {
    @Test func `a bundle is read again as it was, and no changed byte of it passes`() throws {
        let long = String(repeating: "n", count: 120)
        let files = [("b.txt", "two"), ("a/é.txt", ""), (long, "x"), (EvidenceBundle.authority, "c")].map {
            TarArchive.File(name: $0.0, content: Array($0.1.utf8))
        }
        var bundle = EvidenceBundle(files, modified: 1_764_000_000)
        try bundle.seal { sums throws(Problem) in [1, 2, 3] }
        let bytes = bundle.encoded()
        #expect(bytes == bundle.encoded() && bytes.count % 10_240 == 0)
        let again = try EvidenceBundle(checking: bytes)
        #expect(Set(again.files) == Set(bundle.files) && again.modified == 1_764_000_000)
        var random = SeededRandom()
        for _ in 0..<200 {
            var changed = bytes
            let place = Int.random(in: 0..<changed.count, using: &random)
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            guard let read = try? EvidenceBundle(checking: changed) else { continue }
            // The signature is openssl's to judge; and nothing says what the time has to be.
            let kept = read.files.filter { $0.name != EvidenceBundle.signature }
            #expect(Set(kept).isSubset(of: Set(bundle.files)), "byte \(place)")
        }
    }

    @Test(arguments: ["", "a//b", "/a", "a/", "./a", "a/../b", "..", "a\nb", "a\u{9B}b"])
    func `a name that leads elsewhere or acts on a terminal is refused`(name: String) throws {
        func bytes(_ name: String) -> [UInt8] {
            TarArchive([TarArchive.File(name: name, content: [1])], modified: 1).encoded()
        }
        #expect(throws: Problem.self) { try TarArchive(parsing: bytes(name)) }
        #expect(try TarArchive(parsing: bytes("a/..b")).files.count == 1)
    }

    /// An owner, say, that `tar` run by root would give the file.
    @Test func `a header that says more than would be written is refused`() throws {
        var bytes = TarArchive([TarArchive.File(name: "a", content: [1])], modified: 1).encoded()
        bytes[114] += 1
        let sum = bytes[..<512].enumerated().reduce(0) {
            $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element))
        }
        let digits = Array(String(sum, radix: 8).utf8)
        bytes.replaceSubrange(148..<154, with: [UInt8](repeating: 48, count: 6 - digits.count) + digits)
        #expect(throws: Problem.self) { try TarArchive(parsing: bytes) }
    }
}
