import ArgumentParser
import AzureAPI
import ControlPlane

struct DatabaseListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a server's databases.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions

    func execute(_ session: Session) throws -> Report {
        let databases = try session.controlPlane().listDatabases(server.reference)
        return try Report(
            databases.map { ServerDatabase($0, of: server.reference) }, ChildViews.databaseColumns,
            databases.map(ChildViews.row))
    }
}
