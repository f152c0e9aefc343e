import ArgumentParser
import ServiceModel

/// Names the server that something belongs to: `-g` and `-s`.
struct ParentOptions: ParsableArguments {
    @OptionGroup var group: GroupOption

    @Option(name: [.customShort("s"), .long], help: "Name of the server.", completion: Completions.servers)
    var serverName: String

    var reference: ServerReference {
        ServerReference(resourceGroup: group.resourceGroup, name: serverName)
    }
}
