import ArgumentParser

struct DatabaseCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "A server's databases.",
        subcommands: [
            DatabaseCreateCommand.self, DatabaseListCommand.self, DatabaseShowCommand.self,
            DatabaseDeleteCommand.self,
        ])
}
