import ArgumentParser
import AzureAPI
import ControlPlane

struct BackupShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a base backup.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the backup.", completion: Completions.backups) var name:
        String

    func execute(_ session: Session) throws -> Report {
        let backup = try session.controlPlane().showBackup(server.reference, name: name)
        return try Report(ServerBackup(backup, of: server.reference), ChildViews.text(backup))
    }
}
