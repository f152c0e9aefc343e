import ArgumentParser
import ServiceModel

/// What is done with the copy of a drill besides what is always done: assertions and steps.
struct DrillWorkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Assertions: a file of SQL, or a folder of such files (*.sql), one assertion each; repeatable.",
            valueName: "file|dir"),
        completion: .file())
    var checks: [String] = []
    @Option(
        help: ArgumentHelp("A command to run against the copy; repeatable.", valueName: "name=command"))
    var step: [DrillStepWords] = []
    @Option(
        name: [.customShort("d"), .long], help: "Database of the assertions and the steps.",
        completion: Completions.databases)
    var databaseName = ClientOptions.standardDatabase
    @Option(help: ArgumentHelp("For each assertion and each step.", valueName: "seconds"))
    var timeLimit = 600.0

    func validate() throws {
        if Set(step.map(\.name)).count < step.count {
            throw ValidationError("each step has a name of its own")
        }
    }
}
