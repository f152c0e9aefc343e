import ArgumentParser

struct GroupCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Resource groups.",
        subcommands: [
            GroupCreateCommand.self, GroupListCommand.self, GroupShowCommand.self, GroupDeleteCommand.self,
        ])
}

/// A group's name, under both of az's names for it.
struct GroupName: ParsableArguments {
    @Option(
        name: [.customShort("n"), .customLong("name"), .customShort("g"), .customLong("resource-group")],
        help: "Name of the group.")
    var name: String
}
