import ArgumentParser

struct ActivityLogCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activity-log", abstract: "What was done, by whom, and how it ended.",
        subcommands: [ActivityLogListCommand.self])
}
