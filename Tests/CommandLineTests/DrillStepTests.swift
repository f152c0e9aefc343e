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
        #expect(lines.next() == nil)
        lines.add(Data("on".utf8))
        #expect(lines.next() == nil)
        lines.add(Data("e\ntwo\nthr".utf8))
        #expect(lines.next() == Data("one".utf8) && lines.next() == Data("two".utf8))
        #expect(lines.next() == nil)
        lines.add(Data("ee\n".utf8))
        #expect(lines.next() == Data("three".utf8) && lines.next() == nil)
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
