#if canImport(Glibc)
    import Glibc
#endif
import Platform
import TestKit
import Testing

@Suite struct SystemCommandsTests {
    private let commands = SystemCommands()

    private func shell(
        _ script: String, input: String? = nil, timeout: Double? = nil, environment: [String: String]? = nil
    ) throws -> CommandResult {
        try commands.run(
            Command(
                "/bin/sh", ["-c", script], environment: environment, standardInput: input,
                timeoutSeconds: timeout))
    }

    @Test func `tells both outputs and the exit status apart`() throws {
        let result = try shell("echo out; echo err >&2; exit 7")
        #expect(result == CommandResult(exitStatus: 7, standardOutput: "out\n", standardError: "err\n"))
        #expect(result.words == "err\nout")
    }

    @Test func `reports a signal as 128 and its number`() throws {
        #expect(try shell("kill -KILL $$").exitStatus == 137)
    }

    @Test func `carries more than a pipe holds in both directions`() throws {
        let text = String(repeating: "0123456789abcdef", count: 40_000)
        let result = try shell("tee /dev/stderr", input: text)
        #expect(result.standardOutput == text)
        #expect(result.standardError == text)
    }

    @Test func `reads nothing when no input is given`() throws {
        #expect(try shell("cat").standardOutput.isEmpty)
    }

    @Test func `gives the child the C locale and its own variables`() throws {
        let result = try shell("echo $LC_ALL $A $HOME", environment: ["A": "1"])
        #expect(result.standardOutput == "C 1\n")
    }

    @Test func `hands no descriptor to the child`() throws {
        let scratch = try ScratchDirectory()
        let leak = open(scratch.path, O_RDONLY)
        defer { close(leak) }
        let result = try shell("ls /proc/self/fd | wc -l")
        // 0, 1, 2 and the directory that ls itself opens.
        #expect(result.standardOutput.filter(\.isNumber) == "4")
    }

    @Test func `puts the child into a process group of its own with default signals`() throws {
        let result = try shell("ps -o pgid= -p $$ ; echo $$; grep SigIgn /proc/self/status")
        let lines = result.standardOutput.split(separator: "\n").map { $0.filter { !$0.isWhitespace } }
        try #require(lines.count == 3, "\(result)")
        #expect(lines[0] == lines[1])
        let ignored = try #require(UInt64(lines[2].dropFirst("SigIgn:".count), radix: 16))
        // Signals 32 and up are the C library's own.
        #expect(ignored & 0x7FFF_FFFF == 0)
    }

    @Test func `ends the whole process group when the time is over`() throws {
        let scratch = try ScratchDirectory()
        let pidFile = scratch.file("pid")
        let failure = #expect(throws: Problem.self) {
            try shell("sleep 600 & echo $! > \(pidFile); wait", timeout: 1)
        }
        #expect(failure?.code == .system)
        #expect(failure?.message == "sh did not end within 1 seconds")
        let pid = try shell("cat \(pidFile)").standardOutput.filter(\.isNumber)
        // It was sent its signal; when it gets it is up to the system.
        let isGone = try ProductUnderTest.eventually {
            let state = try shell("ps -o stat= -p \(pid)").standardOutput
            return state.isEmpty || state.hasPrefix("Z")
        }
        #expect(isGone)
    }

    @Test func `does not wait for a grandchild that keeps the outputs open`() throws {
        let clock = Stopwatch()
        let result = try shell("sleep 600 & echo $!")
        #expect(clock.seconds < 300)
        let pid = try #require(Int32(result.standardOutput.filter(\.isNumber)))
        kill(pid, SIGKILL)
    }

    @Test func `names a program that does not exist`() {
        let failure = #expect(throws: Problem.self) { try commands.run(Command("/nonexistent/tool")) }
        #expect(failure?.message == "cannot run /nonexistent/tool")
        #expect(failure?.detail == "No such file or directory")
    }

    @Test func `starts a detached program in a session of its own that writes to its log`() throws {
        let scratch = try ScratchDirectory()
        let log = try scratch.write("log", "before\n")
        let pid = try commands.spawnDetached(
            Command("/bin/sh", ["-c", "echo said; ps -o sid= -p $$; echo oops >&2"]), log: log)
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
        let lines = try shell("cat \(log)").standardOutput.split(separator: "\n").map {
            $0.filter { !$0.isWhitespace }
        }
        #expect(lines == ["before", "said", "\(pid)", "oops"])
    }

    @Test func `prints a command as a person would type it`() {
        #expect(Command("/bin/x", ["a b", "it's", "-D", ""]).line == "/bin/x 'a b' 'it'\\''s' -D ''")
    }

    @Test func `the scripted runner refuses what was not scripted and says the full command`() throws {
        let scripted = ScriptedCommands()
        scripted.expect("pg_ctl stop -D /d", CommandResult(standardOutput: "ok"))
        #expect(try scripted.run(Command("pg_ctl", ["stop", "-D", "/d"])).standardOutput == "ok")
        let failure = #expect(throws: Problem.self) { try scripted.run(Command("rm", ["-rf", "/"])) }
        #expect(failure?.message == "unexpected command: rm -rf /")
        #expect(scripted.leftovers == ["not expected: rm -rf /"])
    }
}
