import ArgumentParser
import AzureAPI
import ControlPlane

struct DatabaseCreateCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a database.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ParentOptions
    // The other two names are those of az until 2.85, and of all that connects here.
    @Option(
        name: [.short, .long, .customShort("d"), .customLong("database-name")],
        help: "Name of the database.")
    var name: String
    @Option(help: "Encoding.") var charset: String?
    @Option(help: "Collation.") var collation: String?

    func validate() throws {
        if (charset == nil) != (collation == nil) {
            throw ValidationError("charset and collation have to be input together.")
        }
    }

    func execute(_ session: Session) throws -> Report {
        if charset == nil {
            session.messages.warning(
                "Creating database with \(Self.defaultCharset) charset and \(Self.defaultCollation) collation"
            )
        }
        let database = try session.controlPlane().createDatabase(
            server.reference, name: name, charset: charset ?? Self.defaultCharset,
            collation: collation ?? Self.defaultCollation)
        return try Report(
            ServerDatabase(database, of: server.reference), ChildViews.databaseColumns,
            [ChildViews.row(database)])
    }

    static let defaultCharset = "utf8"
    /// Azure's is en_US.utf8, which a fresh Debian does not have.
    static let defaultCollation = "C.UTF-8"
}
