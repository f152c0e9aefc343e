import Testing

@testable import pitr

/// What is kept of a step's long output.
struct DrillStepTests {
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
