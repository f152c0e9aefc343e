import ArgumentParser
import ControlPlane

/// What the daemon starts for each operation that was accepted.
struct OperationWorkerCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "_operation-worker", shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The accepted operation.") var operation: String

    func execute(_ session: Session) throws -> Report {
        try session.controlPlane().runAccepted(operation, files: KeptFolders())
        return .nothing
    }
}
