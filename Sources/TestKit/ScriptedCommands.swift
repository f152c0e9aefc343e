public import Platform
import Synchronization

/// A runner that runs nothing: answers exactly the commands that a test has scripted, in order, and fails on
/// any other, telling the full command.
public final class ScriptedCommands: CommandRunner {
    private struct Step {
        let line: String
        let result: CommandResult
    }

    private struct State {
        var steps: [Step] = []
        var unexpected: [String] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Expects the command, as `Command.line` prints it, and answers with the result.
    public func expect(_ line: String, _ result: CommandResult = CommandResult()) {
        state.withLock { $0.steps.append(Step(line: line, result: result)) }
    }

    /// What was expected and has not been run, and what was run unexpectedly: empty at the end of a good
    /// test.
    public var leftovers: [String] {
        state.withLock { state in
            state.steps.map { "never run: \($0.line)" } + state.unexpected.map { "not expected: \($0)" }
        }
    }

    public func run(_ command: Command) throws(Problem) -> CommandResult {
        try next(command.line)
    }

    /// The scripted exit status is the process id.
    public func spawnDetached(_ command: Command, log: String) throws(Problem) -> Int32 {
        try next("detached: \(command.line) >> \(log)").exitStatus
    }

    private func next(_ line: String) throws(Problem) -> CommandResult {
        let answer: CommandResult? = state.withLock { state in
            guard let step = state.steps.first, step.line == line else {
                state.unexpected.append(line)
                return nil
            }
            state.steps.removeFirst()
            return step.result
        }
        guard let answer else {
            let expected = state.withLock { $0.steps.first?.line } ?? "nothing more"
            throw Problem(.system, "unexpected command: \(line)", detail: "expected: \(expected)")
        }
        return answer
    }
}
