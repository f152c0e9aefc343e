import ArgumentParser
import AzureAPI
import ControlPlane

struct DatabaseShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a database.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(
        name: [.short, .long, .customShort("d"), .customLong("database-name")],
        help: "Name of the database.", completion: Completions.databases)
    var name: String

    func execute(_ session: Session) throws -> Report {
        let database = try session.controlPlane().showDatabase(server.reference, name: name)
        return try Report(
            ServerDatabase(database, of: server.reference), ChildViews.databaseColumns,
            [ChildViews.row(database)])
    }
}
