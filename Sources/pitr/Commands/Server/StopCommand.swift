import ArgumentParser
import ControlPlane
import Platform
import ServiceModel

struct StopCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a server, or every one; it stays stopped until it is started.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var which: NameOrAllOptions
    @Flag(help: "Every server that runs; each stays stopped until it is started by its name.") var all = false
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        try which.check(all: all, noWait: noWait.noWait)
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        guard let server = which.server else {
            return try Report(try controlPlane.stopAll(resourceGroup: which.resourceGroup))
        }
        if noWait.noWait { return try noWait.accept(.stop(server), controlPlane, session) }
        if let missing = try controlPlane.stopServer(server) {
            session.messages.note("it cannot be started again as long as \(missing.message)")
        }
        return .nothing
    }
}
