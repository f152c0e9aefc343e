import ArgumentParser
import Glibc
import Platform

/// The program: reads the command line, runs one command, ends with a status.
@main
enum Main {
    static func main() {
        StandardDescriptors.fill()
        Interruption.install()
        exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Returns the exit status: 0, 1 for a failure of the service, 2 for wrong use, 3 for what was not found.
    static func run(_ arguments: [String]) -> Int32 {
        do {
            try carryOut(arguments)
            try StandardStream.output.finish()
            return 0
        } catch {
            return report(error)
        }
    }

    private static func carryOut(_ typed: [String]) throws {
        let arguments = NegativeNumber.joined(typed)
        // `create --version 15` is az's, so the tool's own flag counts only in first place.
        if arguments.first == "--version" {
            try StandardStream.output.write("pitr \(ProductVersion.current)\n")
            return
        }
        if arguments.first == "help", let topic = HelpTopic.named(arguments.dropFirst()) {
            try StandardStream.output.write(topic.text)
            return
        }
        if let mistyped = MistypedWord.command(in: arguments) { throw mistyped }
        do {
            var command = try Pitr.parseAsRoot(arguments)
            try command.run()
        } catch let problem as Problem {
            throw problem
        } catch {
            // A wish for help is no failure.
            if let help = UsageError.help(error) {
                try StandardStream.output.write(help)
                return
            }
            // The parser may have stumbled over something else first, and guesses by letters alone.
            if UsageError.isComplaint(error),
                let mistyped = MistypedWord.option(in: arguments) ?? MistypedWord.bareName(in: arguments)
            {
                throw mistyped
            }
            throw error
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        if let mistyped = error as? MistypedWord {
            StandardStream.error.say(mistyped.text.visible(keepsLines: true))
            return 2
        }
        if let told = error as? ToldFailure { return told.exitStatus }
        if !(error is Problem), let usage = UsageError.complaint(error) {
            StandardStream.error.say(usage.visible(keepsLines: true))
            return 2
        }
        let problem = Failure.problem(error, cancelled: Interruption.flag.isCancelled)
        StandardStream.error.say(Failure.text(problem))
        return problem.code.exitStatus
    }
}
