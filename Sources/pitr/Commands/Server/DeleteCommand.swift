import ArgumentParser
import ControlPlane

struct DeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a server; its backups stay for five days (revive-dropped).")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the server '\(server.name)' in resource group "
                + "'\(server.group.resourceGroup)'", yes: confirmed.yes)
        try session.controlPlane().deleteServer(server.reference)
        return .nothing
    }
}
