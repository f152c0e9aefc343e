import ArgumentParser
import AzureAPI
import ControlPlane

struct ParameterShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a parameter.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the parameter.", completion: Completions.parameters) var name:
        String

    func execute(_ session: Session) throws -> Report {
        let parameter = try session.controlPlane().showParameter(server.reference, name: name)
        return try Report(ServerConfiguration(parameter, of: server.reference), ChildViews.text(parameter))
    }
}
