import Foundation
import Testing

@testable import pitr

/// What is kept of a step's long output.
struct DrillStepTests {
    @Test func `steps of a schedule have the account's home and nothing else of who calls`() {
        let caller = [
            "PATH": "/opt/bin", "LANG": "C.UTF-8", "HOME": "/root", "AWS_SECRET_ACCESS_KEY": "x",
            "SSH_AUTH_SOCK": "/tmp/s", "PGOPTIONS": "-c x=y",
        ]
        let made = DrillStepEnvironment.scheduled(from: caller, home: "/var/lib/pitr")
        #expect(made == ["PATH": "/opt/bin", "LANG": "C.UTF-8", "HOME": "/var/lib/pitr"])
        #expect(DrillStepEnvironment.scheduled(from: [:], home: nil).keys.sorted() == ["HOME", "PATH"])
    }

    @Test func `lines are the same in whatever pieces they come`() {
        var lines = DrillStepLines()
        var found: [[String]] = []
        for piece in ["on", "e\ntwo\nthr", "", "ee\n"] {
            lines.add(Data(piece.utf8))
            var whole: [String] = []
            while let line = lines.next() { whole.append(String(decoding: line, as: UTF8.self)) }
            found.append(whole)
        }
        #expect(found == [[], ["one", "two"], [], ["three"]])
    }

    @Test(arguments: [
        ("x secr", "et y", "x ", " y"), ("x s", "ecret y", "x ", " y"),
        ("x secre", "secre y", "x ", "secre y"),
        ("x secret", "secret y", "x secret", "secret y"), ("", "", "", ""), ("x", "y", "x", "y"),
    ])
    func `no part of the password is left where the middle is left out`(
        head: String, tail: String, keptHead: String, keptTail: String
    ) {
        var (first, last) = (Array(head.utf8), Array(tail.utf8))
        DrillStepOutput.cut(&first, &last, around: "secret")
        #expect(String(decoding: first, as: UTF8.self) == keptHead)
        #expect(String(decoding: last, as: UTF8.self) == keptTail)
    }
}
