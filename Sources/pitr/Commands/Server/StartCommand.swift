import ArgumentParser
import ControlPlane
import ServiceModel

struct StartCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a stopped server, or every server that should run.")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long],
        help: "Resource group; with --all only its servers, else those of all groups.",
        completion: Completions.groups)
    var resourceGroup: String?
    @Option(name: .shortAndLong, help: "Name of the server.", completion: Completions.servers) var name:
        String?
    @Flag(help: "Every server that should run, as after a reboot.") var all = false
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        if all && noWait.noWait { throw ValidationError("--no-wait goes with --name only") }
        if all == (name != nil) { throw ValidationError("give either --name or --all") }
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        guard let name else {
            return try Report(try controlPlane.startAll(resourceGroup: resourceGroup))
        }
        let server = ServerReference(
            resourceGroup: resourceGroup ?? GroupOption.standard, name: name)
        if noWait.noWait { return try noWait.accept(.start(server), controlPlane, session) }
        try controlPlane.startServer(server)
        return .nothing
    }
}
