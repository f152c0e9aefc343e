import ArgumentParser

/// `-g`, which only matters where one uses groups.
struct GroupOption: ParsableArguments {
    static let standard = "local"

    @Option(
        name: [.customShort("g"), .customLong("resource-group")],
        help: ArgumentHelp("Resource group.", valueName: "group"),
        completion: Completions.groups)
    var resourceGroup = GroupOption.standard
}
