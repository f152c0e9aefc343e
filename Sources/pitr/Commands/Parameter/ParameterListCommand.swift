import ArgumentParser
import AzureAPI
import ControlPlane

struct ParameterListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a server's parameters.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions

    func execute(_ session: Session) throws -> Report {
        let parameters = try session.controlPlane().listParameters(server.reference)
        return try Report(
            parameters.map { ServerConfiguration($0, of: server.reference) }, ChildViews.parameterColumns,
            parameters.map(ChildViews.row))
    }
}
