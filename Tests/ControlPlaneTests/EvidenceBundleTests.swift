import Platform
import PostgresFormat
import TestKit
import Testing

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
}
