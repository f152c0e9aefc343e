/// A program to run: what, with which arguments, where.
public struct Command: Sendable, Hashable {
    /// A path, or a bare name that is searched in `PATH`.
    public var executable: String
    public var arguments: [String]
    /// The whole environment of the child; nil inherits this process's. `LC_ALL=C` is added either way, so
    /// that messages can be understood.
    public var environment: [String: String]?
    /// Nil stays where this process is.
    public var workingDirectory: String?
    /// What the child reads; nil is `/dev/null`.
    public var standardInput: String?
    /// After that many seconds the child's process group is ended; nil waits for ever.
    public var timeoutSeconds: Double?

    public init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        workingDirectory: String? = nil, standardInput: String? = nil, timeoutSeconds: Double? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.standardInput = standardInput
        self.timeoutSeconds = timeoutSeconds
    }

    /// The last part of the executable's path, for messages.
    public var name: String {
        executable.split(separator: "/").last.map(String.init) ?? executable
    }

    /// The command as a person would type it, for messages and for tests.
    public var line: String {
        ([executable] + arguments).map(Self.shellQuoted).joined(separator: " ")
    }

    /// The word, in single quotes where a shell would otherwise change it.
    public static func shellQuoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./=:,@%+".utf8.contains(byte)
            }
        }
        if plain && !word.isEmpty { return word }
        var quoted = "'"
        for character in word.unicodeScalars {
            if character == "'" {
                quoted += "'\\''"
            } else {
                quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "'"
    }
}

/// How a command ended, and what it said.
public struct CommandResult: Sendable, Hashable {
    /// The exit status, or 128 + n when signal n ended it.
    public var exitStatus: Int32
    public var standardOutput: String
    public var standardError: String

    public init(exitStatus: Int32 = 0, standardOutput: String = "", standardError: String = "") {
        self.exitStatus = exitStatus
        self.standardOutput = standardOutput
        self.standardError = standardError
    }

    public var succeeded: Bool { exitStatus == 0 }

    /// What the command said, errors first, without blank lines at either end.
    public var words: String {
        let parts = [standardError, standardOutput].map(Self.trimmed).filter { !$0.isEmpty }
        return parts.joined(separator: "\n")
    }

    private static func trimmed(_ text: String) -> String {
        let blank: (Character) -> Bool = { $0.isWhitespace }
        let head = text.drop(while: blank)
        guard let last = head.lastIndex(where: { !blank($0) }) else { return "" }
        return String(head[...last])
    }
}

/// Runs other programs. The one door through which child processes come to be.
public protocol CommandRunner: Sendable {
    /// Runs the command to its end. A non-zero exit status is a result, not an error.
    ///
    /// Throws `.system` when the program cannot be started or does not end in time.
    func run(_ command: Command) throws(Problem) -> CommandResult

    /// Starts the command in a session of its own, with no terminal and its output appended to the file `log`
    /// (created with mode 0600); it outlives this process. Returns its process id.
    func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32
}

extension CommandRunner {
    /// Runs the command and takes any exit status but 0 for a failure, quoting what the command said.
    @discardableResult
    public func runChecked(_ command: Command) throws(Problem) -> CommandResult {
        let result = try run(command)
        guard result.succeeded else {
            throw Problem(
                .system, "\(command.name) failed with exit status \(result.exitStatus)",
                detail: result.words.isEmpty ? nil : result.words)
        }
        return result
    }
}
