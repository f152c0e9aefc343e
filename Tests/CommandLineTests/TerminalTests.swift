import Glibc
import Platform
import Synchronization
import Testing

@testable import pitr

/// Collects what would go to the terminal.
private final class Screen: Sendable {
    private let text = Mutex("")

    func write(_ more: String) {
        text.withLock { $0 += more }
    }

    var content: String { text.withLock { $0 } }
}

struct TerminalTests {
    @Test func `progress is one line that is gone in the end`() {
        let screen = Screen()
        let progress = TerminalProgress(width: { 80 }, write: screen.write)
        progress.begin("lay out", totalBytes: 100)
        for _ in 0..<1000 { progress.advance(bytes: 1) }
        progress.end()
        #expect(screen.content.hasPrefix("\rlay out  0 B of 100 B (0 %)\u{1B}[K"))
        #expect(screen.content.hasSuffix("\r\u{1B}[K"))
        #expect(!screen.content.contains("\n"))
        // A thousand steps within a moment: redrawn a few times at most.
        #expect(screen.content.count(where: { $0 == "\r" }) < 10)
    }

    @Test func `progress makes room for a message and draws itself again`() {
        let screen = Screen()
        let progress = TerminalProgress(width: { 80 }, write: screen.write)
        progress.begin("recover", totalBytes: nil)
        progress.wipe()
        progress.note("at 0/3000150")
        #expect(screen.content == "\rrecover\u{1B}[K\r\u{1B}[K\rrecover  at 0/3000150\u{1B}[K")
    }

    @Test func `the line tells amount, share, rate and time left`() {
        let line = TerminalProgress.line(
            step: "copy", done: 50 << 20, total: 100 << 20, remark: "", seconds: 0.5)
        #expect(line == "copy  50.0 MiB of 100.0 MiB (50 %), 100.0 MiB/s, 0.5 s left")
        #expect(
            TerminalProgress.line(step: "copy", done: 0, total: nil, remark: "", seconds: 2) == "copy  2.0 s")
    }

    @Test func `the line never reaches the terminal's edge`() {
        let screen = Screen()
        let progress = TerminalProgress(width: { 30 }, write: screen.write)
        progress.begin(String(repeating: "x", count: 99), totalBytes: nil)
        #expect(screen.content == "\r" + String(repeating: "x", count: 29) + "\u{1B}[K")
    }

    @Test func `without a terminal and without --yes nothing is deleted`() throws {
        let silent = Confirmation(isTerminal: false, ask: { _ in nil })
        #expect(throws: Problem.self) { try silent.require("Sure", yes: false) }
        try silent.require("Sure", yes: true)
        do {
            try silent.require("Sure", yes: false)
        } catch let problem as Problem {
            #expect(problem.code.exitStatus == 2)
        }
    }

    @Test func `a question is asked until it is answered`() throws {
        let answers = Mutex(["what", "Y"])
        let patient = Confirmation(isTerminal: true) { _ in answers.withLock { $0.removeFirst() } }
        try patient.require("Sure", yes: false)
        let no = Confirmation(isTerminal: true) { _ in "n" }
        #expect(throws: Problem.self) { try no.require("Sure", yes: false) }
        let gone = Confirmation(isTerminal: true) { _ in nil }
        #expect(throws: Problem.self) { try gone.require("Sure", yes: false) }
    }

    @Test func `a signal ends a question, and nothing else changes`() {
        func isDefault(_ number: Int32) -> Bool {
            var present = sigaction()
            sigaction(number, nil, &present)
            return unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) == 0
        }
        let signals = [SIGINT, SIGTERM]
        let before = signals.map(isDefault)
        let during = Interruption.whileAsking { signals.map(isDefault) }
        #expect(during == [true, true])
        #expect(signals.map(isDefault) == before)
    }

    @Test(arguments: [KilledCommand.standard, .demo, .daemon])
    func `a command that is ended at once says what cleans up`(command: KilledCommand) {
        #expect(command.problem.hint?.contains("'pitr maintain'") == true)
    }

    @Test func `a failure is said in three parts, a line each`() {
        let problem = Problem(.restoreTimeTooEarly, "too early", detail: "the first is X", hint: "Choose Y.")
        #expect(
            Failure.text(problem)
                == "ERROR: (RestoreTimeTooEarly) too early\ndetail: the first is X\nhint: Choose Y.\n")
        #expect(Failure.text(Problem(.system, "no")) == "ERROR: (SystemError) no\n")
    }

    @Test func `an error nobody foresaw becomes a failure of the system`() {
        struct Odd: Error {}
        let problem = Failure.problem(Odd(), cancelled: false)
        #expect(problem.code == .system && problem.code.exitStatus == 1)
        #expect(problem.detail?.contains("Odd") == true)
    }

    @Test func `a cancelled operation says that nothing half-made is left`() {
        let problem = Failure.problem(Problem(.canceled, "the operation was cancelled"), cancelled: true)
        #expect(Failure.text(problem) == "ERROR: (OperationCanceled) cancelled; nothing half-made is left\n")
        #expect(problem.code.exitStatus == 1)
    }

    @Test(
        arguments: [
            (ProblemCode.usage, 2), (.invalidServerName, 2), (.passwordTooShort, 2), (.resourceNotFound, 3),
            (.resourceGroupNotFound, 3), (.serverBusy, 1), (.canceled, 1), (.system, 1), (.recoveryFailed, 1),
        ] as [(ProblemCode, Int32)])
    func `each problem has az's exit status`(code: ProblemCode, status: Int32) {
        #expect(code.exitStatus == status)
    }
}
