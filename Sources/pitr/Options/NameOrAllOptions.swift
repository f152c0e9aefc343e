import ArgumentParser
import ServiceModel

/// One server by its name, or with `--all` every one of a group or of all groups.
struct NameOrAllOptions: ParsableArguments {
    @Option(
        name: [.customShort("g"), .long],
        help: "Resource group; with --all only its servers, else those of all groups.",
        completion: Completions.groups)
    var resourceGroup: String?
    @Option(name: .shortAndLong, help: "Name of the server.", completion: Completions.servers) var name:
        String?

    /// The one that is named; nil for all of them.
    var server: ServerReference? {
        name.map { ServerReference(resourceGroup: resourceGroup ?? GroupOption.standard, name: $0) }
    }

    func check(all: Bool, noWait: Bool) throws {
        if all && noWait { throw ValidationError("--no-wait goes with --name only") }
        if all == (name != nil) { throw ValidationError("give either --name or --all") }
    }
}
