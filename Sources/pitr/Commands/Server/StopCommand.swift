import ArgumentParser
import ControlPlane
import ServiceModel

struct StopCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a server, or every one; it stays stopped until it is started.")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long],
        help: "Resource group; with --all only its servers, else those of all groups.",
        completion: Completions.groups)
    var resourceGroup: String?
    @Option(name: .shortAndLong, help: "Name of the server.", completion: Completions.servers) var name:
        String?
    @Flag(help: "Every server that runs; each stays stopped until it is started by its name.") var all = false
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        if all && noWait.noWait { throw ValidationError("--no-wait goes with --name only") }
        if all == (name != nil) { throw ValidationError("give either --name or --all") }
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        guard let name else {
            return try Report(try controlPlane.stopAll(resourceGroup: resourceGroup))
        }
        let server = ServerReference(
            resourceGroup: resourceGroup ?? GroupOption.standard, name: name)
        if noWait.noWait { return try noWait.accept(.stop(server), controlPlane, session) }
        try controlPlane.stopServer(server)
        return .nothing
    }
}
