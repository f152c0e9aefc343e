import ArgumentParser
import Platform

/// `-g`, which only matters where one uses groups.
struct GroupOption: ParsableArguments {
    static let standard = "local"

    @Option(
        name: [.customShort("g"), .customLong("resource-group")],
        help: ArgumentHelp("Resource group.", valueName: "group"),
        completion: Completions.groups)
    var resourceGroup = GroupOption.standard

    /// What a command that is to be pasted needs behind its options so far; nothing for the usual group.
    static func words(_ group: String) -> String {
        group == standard ? "" : " -g \(Command.shellQuoted(group))"
    }
}
