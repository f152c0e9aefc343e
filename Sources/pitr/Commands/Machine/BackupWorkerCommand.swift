import ArgumentParser
import ControlPlane

/// What the tool starts itself to take a backup in the background.
struct BackupWorkerCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "_backup-worker", shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The catalogued operation.") var operation: String

    func execute(_ session: Session) throws -> Report {
        try session.unattendedControlPlane().runBackupOperation(id: operation)
        return .nothing
    }
}
