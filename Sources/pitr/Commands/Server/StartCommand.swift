import ArgumentParser
import ControlPlane
import ServiceModel

struct StartCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a stopped server, or every server that should run.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var which: NameOrAllOptions
    @Flag(help: "Every server that should run, as after a reboot.") var all = false
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        try which.check(all: all, noWait: noWait.noWait)
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        guard let server = which.server else {
            return try Report(try controlPlane.startAll(resourceGroup: which.resourceGroup))
        }
        if noWait.noWait { return try noWait.accept(.start(server), controlPlane, session) }
        try controlPlane.startServer(server)
        return .nothing
    }
}
