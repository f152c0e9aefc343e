import ArgumentParser
import ControlPlane

struct BackupDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an on-demand backup.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the backup.", completion: Completions.backups) var name:
        String
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the backup '\(name)' in server '\(server.serverName)'",
            yes: confirmed.yes)
        try session.controlPlane().deleteBackup(server.reference, name: name)
        return .nothing
    }
}
