import ArgumentParser
import AzureAPI
import ControlPlane
import Platform

struct ShowConnectionStringCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-connection-string", abstract: "Show how programs connect to a server.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: [.customShort("s"), .long], help: "Name of the server.",
        completion: Completions.servers)
    var serverName: String?
    @Option(name: [.customShort("d"), .long], help: "Database.") var databaseName: String?
    @Option(name: [.customShort("u"), .long], help: "Login.") var adminUser: String?
    @Option(name: [.customShort("p"), .long], help: "Password.") var adminPassword: String?
    @OptionGroup var password: PasswordOptions
    @Flag(help: .hidden) var pgBouncer = false

    func validate() throws {
        if pgBouncer {
            throw ValidationError("--pg-bouncer is not possible here: servers come without PgBouncer")
        }
    }

    func execute(_ session: Session) throws -> Report {
        var strings = ConnectionStrings(
            host: "{host}", port: 5432, database: databaseName, login: adminUser,
            password: try password.password(or: adminPassword))
        if let serverName {
            do {
                let controlPlane = try session.controlPlane()
                let server = try controlPlane.showServer(
                    ServerReference(resourceGroup: group.resourceGroup, name: serverName))
                strings.host = server.host
                strings.port = server.port
                strings.rootCertificate = controlPlane.authorityFile
            } catch {
                // As in Azure this is text to fill in, which needs no server yet.
                let problem = Failure.problem(error, cancelled: false)
                session.messages.warning("the address is left open: \(problem.message)")
            }
        }
        var text = PersonText()
        for (name, string) in strings.all.sorted(by: { $0.key < $1.key }) {
            text.heading(name)
            text.command(string)
        }
        return try Report(["connectionStrings": strings.all], text)
    }
}
