import ArgumentParser
import AzureAPI
import ControlPlane

struct RestorePointCreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Name the present moment, to restore to it later.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the point.") var name: String

    func execute(_ session: Session) throws -> Report {
        let point = RestorePointDocument(
            try session.controlPlane().createRestorePoint(server.reference, name: name))
        return try Report(point, ["Name", "LSN", "Time"], [[point.name, point.lsn, point.timeUtc]])
    }
}
