import CSupport
#if canImport(Glibc)
    import Glibc
#endif

/// Runs real programs.
///
/// Each child gets a process group of its own (Ctrl-C at a terminal reaches only this process), default
/// signal dispositions, and no descriptor but its standard three.
public struct SystemCommands: CommandRunner {
    /// What is kept of each output stream; the rest is read and dropped.
    private static let outputLimit = 8 << 20
    /// Between the polite and the final signal of a command that ran out of time.
    private static let graceSeconds = 2.0

    public init() {}

    public func run(_ command: Command) throws(Problem) -> CommandResult {
        ChangeFaults.willChange()
        let input = try openInput(command.standardInput)
        defer { close(input) }
        var output = try Pipe()
        defer { output.closeAll() }
        var error = try Pipe()
        defer { error.closeAll() }
        let pid = try spawn(command, input: input, output: output.writer, error: error.writer, session: false)
        output.closeWriter()
        error.closeWriter()
        return try collect(command, pid: pid, output: output.reader, error: error.reader)
    }

    public func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32 {
        ChangeFaults.willChange()
        let input = try openInput(command.standardInput)
        defer { close(input) }
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw Self.failure("cannot open the log file \(log)", errno) }
        defer { close(output) }
        return try spawn(command, input: input, output: output, error: output, session: true)
    }

    private func openInput(_ text: String?) throws(Problem) -> Int32 {
        let descriptor: Int32
        if var text {
            descriptor = text.withUTF8 { pitr_memory_file($0.baseAddress, $0.count) }
        } else {
            descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw Self.failure("cannot prepare a command's input", errno) }
        return descriptor
    }

    func spawn(
        _ command: Command, input: Int32, output: Int32, error: Int32, session: Bool
    ) throws(Problem) -> Int32 {
        var environment = command.environment ?? Self.inheritedEnvironment()
        environment["LC_ALL"] = "C"
        var pid: pid_t = 0
        let failure = Self.withCStrings([command.executable] + command.arguments) { arguments in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }.sorted()) { variables in
                pitr_spawn(
                    &pid, command.executable, arguments, variables, command.workingDirectory, input, output,
                    error, session ? 1 : 0)
            }
        }
        guard failure == 0 else { throw Self.failure("cannot run \(command.executable)", failure) }
        return pid
    }

    private func collect(
        _ command: Command, pid: pid_t, output: Int32, error: Int32
    ) throws(Problem) -> CommandResult {
        let ended = pitr_pidfd(pid)
        defer { if ended >= 0 { close(ended) } }
        let clock = Stopwatch()
        var out = Capture(descriptor: output)
        var err = Capture(descriptor: error)
        var timedOut = false
        var killed = false
        var status: Int32?
        while status == nil {
            var waiting = -1.0
            if let limit = command.timeoutSeconds, !killed {
                waiting = (timedOut ? limit + Self.graceSeconds : limit) - clock.seconds
                if waiting <= 0 {
                    kill(-pid, timedOut ? SIGKILL : SIGTERM)
                    killed = timedOut
                    timedOut = true
                    continue
                }
            }
            var watched = [
                pollfd(fd: out.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: err.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ended, events: Int16(POLLIN), revents: 0),
            ]
            // Where the kernel cannot announce a child's end, look every few milliseconds.
            var milliseconds = waiting < 0 ? -1 : Int32(min(waiting * 1000 + 1, 3_600_000))
            if ended < 0 { milliseconds = milliseconds < 0 ? 10 : min(10, milliseconds) }
            poll(&watched, 3, milliseconds)
            out.drain(limit: Self.outputLimit)
            err.drain(limit: Self.outputLimit)
            status = Self.reap(pid)
        }
        // A grandchild may keep the pipes open (a started server does): take what is there, wait for no more.
        out.drain(limit: Self.outputLimit)
        err.drain(limit: Self.outputLimit)
        let result = CommandResult(
            exitStatus: status ?? 0, standardOutput: out.text, standardError: err.text)
        if timedOut, let limit = command.timeoutSeconds {
            throw Problem(
                .system, "\(command.name) did not end within \(Int(limit.rounded(.up))) seconds",
                detail: result.words.isEmpty ? nil : result.words)
        }
        return result
    }

    /// The exit status once the child has ended.
    static func reap(_ pid: pid_t) -> Int32? {
        var status: Int32 = 0
        let reaped = waitpid(pid, &status, WNOHANG)
        if reaped == 0 || (reaped < 0 && errno == EINTR) { return nil }
        guard reaped == pid else { return 127 }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    static func failure(_ message: String, _ code: Int32) -> Problem {
        Problem(.system, message, detail: String(cString: strerror(code)))
    }

    private static func inheritedEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        guard var entry = pitr_environment() else { return variables }
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }
}

/// Both ends of a pipe, closed at most once.
struct Pipe {
    var reader: Int32 = -1
    var writer: Int32 = -1

    init() throws(Problem) {
        let failure = pitr_pipe(&reader, &writer)
        guard failure == 0 else { throw SystemCommands.failure("cannot make a pipe", failure) }
    }

    mutating func closeWriter() {
        if writer >= 0 { close(writer) }
        writer = -1
    }

    mutating func closeAll() {
        closeWriter()
        if reader >= 0 { close(reader) }
        reader = -1
    }
}

/// What has been read so far from one of a child's outputs.
private struct Capture {
    /// Negative after the end, so that `poll` leaves it alone.
    var descriptor: Int32
    private var bytes: [UInt8] = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads everything that is there without waiting.
    mutating func drain(limit: Int) {
        guard descriptor >= 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count > 0 {
                    let room = Swift.max(0, limit - bytes.count)
                    bytes.append(contentsOf: buffer[..<Swift.min(count, room)])
                } else if count == 0 {
                    descriptor = -1
                    return
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
