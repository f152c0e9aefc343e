import ArgumentParser

struct WALCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wal", abstract: "A server's archived log.",
        subcommands: [WALGetCommand.self, WALIndexCommand.self])
}
