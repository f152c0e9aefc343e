import ArgumentParser
import ControlPlane
import ServiceModel

struct ReceiveCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Receive the WAL of an attached server until it is ended.",
        discussion: """
            'pitr serve' does the same for all attached servers. A lost connection is made again for ever, and \
            nothing that was acknowledged is lost when this is killed. Ends with SIGINT, SIGTERM or SIGHUP.
            """)

    static let whenKilled = KilledCommand.daemon

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions

    func execute(_ session: Session) throws -> Report {
        let messages = session.messages
        try session.unattendedControlPlane().receive(server.reference) { state in
            messages.note("\(server.name): \(AttachView.phase(state))")
        }
        return .nothing
    }
}
