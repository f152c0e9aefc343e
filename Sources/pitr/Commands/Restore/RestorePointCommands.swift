import ArgumentParser

struct RestorePointCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore-point", abstract: "Named points in a server's WAL.",
        subcommands: [RestorePointCreateCommand.self])
}
