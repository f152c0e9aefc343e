import ArgumentParser
import ControlPlane

struct RestartCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Restart a server.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Option(help: .hidden) var failover: String?

    func validate() throws {
        if failover != nil {
            throw ValidationError(
                "Failing over can only be triggered for zone redundant or same zone servers.")
        }
    }

    func execute(_ session: Session) throws -> Report {
        try session.controlPlane().restartServer(server.reference)
        return .nothing
    }
}
