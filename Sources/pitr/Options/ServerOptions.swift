import ArgumentParser
import ServiceModel

/// Names a server: `-g` and `-n`.
struct ServerOptions: ParsableArguments {
    @OptionGroup var group: GroupOption

    @Option(name: .shortAndLong, help: "Name of the server.", completion: Completions.servers)
    var name: String

    var reference: ServerReference {
        ServerReference(resourceGroup: group.resourceGroup, name: name)
    }
}
