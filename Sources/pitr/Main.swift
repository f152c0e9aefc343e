import ArgumentParser
import ControlPlane
import Glibc
import Platform

/// The program: reads the command line, runs one command, ends with a status.
@main
enum Main {
    static func main() {
        Interruption.install()
        exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Returns the exit status: 0, 1 for a failure of the service, 2 for wrong use, 3 for what was not found.
    static func run(_ arguments: [String]) -> Int32 {
        // `create --version 15` is az's, so the tool's own flag counts only in first place.
        if arguments.first == "--version" {
            StandardStream.output.write("pitr \(ProductVersion.current)\n")
            return 0
        }
        do {
            var command = try Pitr.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch let problem as Problem {
            return report(problem)
        } catch {
            return UsageError.status(of: error) ?? report(error)
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        let problem = Failure.problem(error, cancelled: Interruption.flag.isCancelled)
        StandardStream.error.write(Failure.text(problem))
        return problem.code.exitStatus
    }
}
