import ArgumentParser
import ControlPlane

struct DatabaseDeleteCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete a database.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    @Option(
        name: [.short, .long, .customShort("d"), .customLong("database-name")],
        help: "Name of the database.", completion: Completions.databases)
    var name: String
    @OptionGroup var confirmed: YesOption

    func execute(_ session: Session) throws -> Report {
        try session.confirmation.require(
            "Are you sure you want to delete the database '\(name)' of server '\(server.serverName)'",
            yes: confirmed.yes)
        try session.controlPlane().deleteDatabase(server.reference, name: name)
        return .nothing
    }
}
