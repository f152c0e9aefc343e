import ArgumentParser

struct ParameterCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parameter", abstract: "A server's parameters.",
        subcommands: [ParameterListCommand.self, ParameterShowCommand.self, ParameterSetCommand.self])
}
