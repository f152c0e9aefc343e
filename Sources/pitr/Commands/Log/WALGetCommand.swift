import ArgumentParser
import ControlPlane
import Glibc

struct WALGetCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Unpack one file of a server's archived WAL.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Name of the segment, or of a .history, .backup or .partial file.") var segment: String
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String
    @OptionGroup var server: ParentOptions

    func execute(_ session: Session) throws -> Report {
        // With the caller's rights: the service account may not be allowed to write here.
        let destination = try DestinationFile(path: file)
        defer { destination.close() }
        do {
            try session.controlPlane().getWAL(
                server.reference, segment: segment, into: destination.descriptor)
        } catch {
            if !destination.discard() { session.messages.warning("\(file) is left behind, empty") }
            throw error
        }
        return .nothing
    }
}
