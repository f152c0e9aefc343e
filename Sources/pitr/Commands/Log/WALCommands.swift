import ArgumentParser

struct WALCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wal", abstract: "A server's log, above all the archived one.",
        subcommands: [
            WALShowCommand.self, WALStatsCommand.self, WALVerifyCommand.self, WALGetCommand.self,
            WALIndexCommand.self,
        ])
}
