import ArgumentParser

struct WALCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wal", abstract: "A server's WAL, above all the archived part.",
        subcommands: [
            WALShowCommand.self, WALStatsCommand.self, WALVerifyCommand.self, WALGetCommand.self,
            WALIndexCommand.self,
        ])
}
