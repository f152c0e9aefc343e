import ArgumentParser
import ControlPlane

struct StopCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a server; it stays stopped until it is started.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var noWait: NoWaitOption

    func execute(_ session: Session) throws -> Report {
        try session.controlPlane().stopServer(server.reference)
        return .nothing
    }
}
