import ArgumentParser

struct BackupCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "A server's base backups.",
        subcommands: [
            BackupCreateCommand.self, BackupListCommand.self, BackupShowCommand.self,
            BackupDeleteCommand.self, BackupVerifyCommand.self,
        ])
}
