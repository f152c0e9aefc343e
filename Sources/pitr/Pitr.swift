import ArgumentParser

/// The root of all commands.
struct Pitr: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pitr",
        abstract: "Point-in-time restore for PostgreSQL on this machine.",
        discussion: """
            Servers, backups and restores in the words of 'az postgres flexible-server'. Results go to \
            standard output, as a table for a person and as JSON for a program; everything else goes to \
            standard error. \
            'pitr --version' prints the version; \(HelpTopic.list) tell what all commands share.
            """,
        subcommands: [
            BackupWorkerCommand.self, OperationWorkerCommand.self, AzureSettingsCommand.self,
            ClientAddressCommand.self, DrillStepsCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Servers",
                subcommands: [
                    CreateCommand.self, ShowCommand.self, ListCommand.self, UpdateCommand.self,
                    UpgradeCommand.self,
                    DeleteCommand.self, StartCommand.self, StopCommand.self, RestartCommand.self,
                    WaitCommand.self, ListSKUsCommand.self,
                ]),
            CommandGroup(
                name: "Servers that are there already",
                subcommands: [
                    AttachCommand.self, ReattachCommand.self, DetachCommand.self, ReceiveCommand.self,
                    OpenCommand.self,
                ]),
            CommandGroup(
                name: "Clients",
                subcommands: [
                    ConnectCommand.self, ExecuteCommand.self, EnvCommand.self,
                    ShowConnectionStringCommand.self,
                ]),
            CommandGroup(
                name: "Restore",
                subcommands: [
                    TimelineCommand.self, PlanCommand.self, ExplainCommand.self, RestoreCommand.self,
                    UndoCommand.self, CompareCommand.self, ResultCommands.self, ExportCommand.self,
                    DrillCommands.self,
                    GeoRestoreCommand.self, ReviveDroppedCommand.self, BackupCommands.self,
                    RestorePointCommands.self, EvidenceCommands.self, WALCommands.self,
                ]),
            CommandGroup(
                name: "Settings",
                subcommands: [
                    FirewallRuleCommands.self, ParameterCommands.self, DatabaseCommands.self,
                    GroupCommands.self,
                ]),
            CommandGroup(
                name: "Azure",
                subcommands: [
                    ServeCommand.self, PortalCommand.self, AzureCommands.self, IdentityCommands.self,
                ]),
            CommandGroup(
                name: "Machine",
                subcommands: [
                    ActivityLogCommands.self, OperationCommands.self, MaintainCommand.self,
                    DoctorCommand.self, UsageCommand.self, DemoCommand.self, CompletionCommand.self,
                ]),
        ])
}
