import ArgumentParser
import AzureAPI
import ControlPlane

struct ParameterSetCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set a parameter; without a value it goes back to its default.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(name: .shortAndLong, help: "Name of the parameter.", completion: Completions.parameters) var name:
        String
    @Option(name: .shortAndLong, help: "The value.") var value: String?
    @Option(help: "user-override, or system-default to go back to the default.") var source: String?

    func validate() throws {
        if let source, !["user-override", "system-default"].contains(source) {
            throw ValidationError("--source is user-override or system-default")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let parameter = try session.controlPlane().setParameter(
            server.reference, name: name, value: source == "system-default" ? nil : value)
        return try Report(ServerConfiguration(parameter, of: server.reference), ChildViews.text(parameter))
    }
}
