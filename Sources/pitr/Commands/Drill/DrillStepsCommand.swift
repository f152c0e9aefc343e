import ArgumentParser
import ControlPlane
import Foundation
import Glibc
import Platform
import ServiceModel

/// The process that runs steps as the person who called.
struct DrillStepsCommand: PitrCommand {
    static let name = "_drill-steps"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @OptionGroup var global: GlobalOptions

    func execute(_ session: Session) throws -> Report {
        let input = FileHandle(fileDescriptor: DescendingChild.firstDescriptor)
        var lines = DrillStepLines()
        // The first line; none that comes later changes them.
        var commands: [String]?
        while true {
            let piece = input.availableData
            guard !piece.isEmpty else { return .nothing }
            lines.add(piece)
            while let line = lines.next() {
                guard let commands else {
                    commands = try JSONDecoder().decode([String].self, from: line)
                    continue
                }
                let order = try JSONDecoder().decode(DrillStepOrder.self, from: line)
                guard commands.indices.contains(order.number) else { return .nothing }
                let end = try DrillStepProcess(commands[order.number], order.target).run()
                var answer = try JSONEncoder().encode(end)
                answer.append(10)
                try DescriptorOutput(DescendingChild.firstDescriptor).write(Array(answer))
            }
        }
    }
}

/// Lines, in whatever pieces they come.
struct DrillStepLines {
    private var waiting = Data()

    mutating func add(_ piece: Data) { waiting += piece }

    /// Without its end; nil where none is whole.
    mutating func next() -> Data? {
        guard let end = waiting.firstIndex(of: 10) else { return nil }
        let line = Data(waiting[..<end])
        waiting = Data(waiting[waiting.index(after: end)...])
        return line
    }
}

/// One step's command, in a shell and a process group of its own.
struct DrillStepProcess {
    private let command: String
    private let target: DrillStepTarget

    private static let headBytes = 4096
    private static let tailBytes = 12_288
    /// Between the polite and the final signal.
    private static let graceSeconds = 2.0

    init(_ command: String, _ target: DrillStepTarget) {
        self.command = command
        self.target = target
    }

    /// Ends the command when its time is over, or when nobody waits for it any more.
    func run() throws -> DrillStepEnd {
        guard let file = tmpfile() else {
            throw Problem(.system, "no file for a step's output", detail: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        let pid = try spawn(output: fileno(file))
        let watch = Stopwatch()
        var endedAt: Double?
        var isTimedOut = false
        while true {
            if try hasEnded(pid) { break }
            var caller = pollfd(fd: DescendingChild.firstDescriptor, events: Int16(POLLIN), revents: 0)
            let isLeft = poll(&caller, 1, endedAt == nil ? 20 : 0) > 0
            isTimedOut = isTimedOut || watch.seconds > target.timeLimit
            guard isTimedOut || isLeft else { continue }
            if let first = endedAt {
                if watch.seconds - first > Self.graceSeconds { kill(-pid, SIGKILL) }
                Pause.milliseconds(10)
            } else {
                kill(-pid, SIGTERM)
                endedAt = watch.seconds
            }
        }
        // What it left in the background would go on with the copy, and with the password. Before the shell
        // is waited for: until then no other process gets its number.
        kill(-pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw Self.unknownEnd() }
        }
        let signal = status & 0x7F
        let (text, omitted) = try output(fileno(file))
        return DrillStepEnd(
            exitStatus: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, isTimedOut: isTimedOut,
            output: text, omittedBytes: omitted)
    }

    /// Whether the shell is over. It is not waited for here.
    private func hasEnded(_ pid: pid_t) throws -> Bool {
        var info = siginfo_t()
        if waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 {
            return info.si_signo == SIGCHLD
        }
        guard errno == EINTR else {
            let problem = Self.unknownEnd()
            kill(-pid, SIGKILL)
            throw problem
        }
        return false
    }

    /// Somebody else took note of the end, and nobody can tell it any more: that is no success.
    private static func unknownEnd() -> Problem {
        Problem(.system, "it is not known how a step ended", detail: String(cString: strerror(errno)))
    }

    private func spawn(output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        posix_spawn_file_actions_addclose(&actions, DescendingChild.firstDescriptor)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        let words: [String] = ["/bin/sh", "-c", Self.shell]
        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, variables)
        guard failure == 0 else {
            throw Problem(.system, "cannot run a step", detail: String(cString: strerror(failure)))
        }
        return pid
    }

    /// Takes the command from a variable, which only the own account can read, as no word of a command line.
    private static let shell =
        "pitr_step=$\(variable); unset \(variable); eval \"$pitr_step\""
    private static let variable = "PITR_DRILL_STEP"

    /// The person's own, led to the copy; of a schedule, what the helper was given.
    private var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        for name in ClientEnvironment.inTheWay + ["PGPASSFILE"] { environment[name] = nil }
        environment["PGHOST"] = target.host
        environment["PGPORT"] = String(target.port)
        environment["PGUSER"] = target.login
        environment["PGDATABASE"] = target.database
        environment["PGPASSWORD"] = target.password
        environment["PGSSLMODE"] = "verify-full"
        environment["PGSSLROOTCERT"] = target.rootCertificate
        environment["PITR_DRILL_COPY"] = target.copy
        environment[Self.variable] = command
        return environment
    }

    /// The beginning and the end of what was printed, and how much lies between.
    private func output(_ descriptor: Int32) throws -> (String, Int) {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var head = bytes(descriptor, from: 0, count: min(size, Self.headBytes))
        let tailStart = max(head.count, size - Self.tailBytes)
        var tail = bytes(descriptor, from: tailStart, count: max(0, size - tailStart))
        if head.count + tail.count < size { DrillStepOutput.cut(&head, &tail, around: target.password) }
        let omitted = max(0, size - head.count - tail.count)
        let between = omitted > 0 ? Array("\n...\n".utf8) : []
        return (String(decoding: head + between + tail, as: UTF8.self), omitted)
    }

    private func bytes(_ descriptor: Int32, from offset: Int, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(descriptor, &bytes, count, off_t(offset))
        return Array(bytes.prefix(max(0, got)))
    }
}

/// The two ends of a step's long output.
enum DrillStepOutput {
    /// Takes away what may be a part of the password where the middle was left out: only a whole one is known
    /// later, and made unreadable.
    static func cut(_ head: inout [UInt8], _ tail: inout [UInt8], around password: String) {
        let secret = Array(password.utf8)
        for count in stride(from: secret.count - 1, to: 0, by: -1)
        where head.suffix(count) == secret.prefix(count) {
            head.removeLast(count)
            break
        }
        for count in stride(from: secret.count - 1, to: 0, by: -1)
        where tail.prefix(count) == secret.suffix(count) {
            tail.removeFirst(count)
            break
        }
    }
}
