import ArgumentParser
import AzureAPI
import ControlPlane

struct BackupListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a server's base backups.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions

    func execute(_ session: Session) throws -> Report {
        let backups = try session.controlPlane().listBackups(server.reference)
        return try Report(
            backups.map { ServerBackup($0, of: server.reference) }, ChildViews.backupColumns,
            backups.map(ChildViews.row))
    }
}
