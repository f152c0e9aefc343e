import ArgumentParser
import ControlPlane
import ServiceModel

struct WALGetCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Unpack one file of a server's archived WAL.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Name of the segment, or of a .history, .backup or .partial file.") var segment: String
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String
    @OptionGroup var server: ParentOptions

    func execute(_ session: Session) throws -> Report {
        let command = [
            "wal", "get", "-g", server.reference.resourceGroup, "--server-name=\(server.reference.name)",
        ]
        try FilledFile.fill(file, session, command: command, arguments: [segment, "-"]) { descriptor in
            try session.controlPlane().getWAL(server.reference, segment: segment, into: descriptor)
        }
        return .nothing
    }
}
