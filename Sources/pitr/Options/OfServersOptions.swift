import ArgumentParser

/// Of which servers something is listed.
struct OfServersOptions: ParsableArguments {
    @Option(
        name: [.customShort("g"), .long], help: "Only of servers of this resource group.",
        completion: Completions.groups)
    var resourceGroup: String?
}
