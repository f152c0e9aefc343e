import ArgumentParser
import AzureAPI
import ControlPlane
import Notation
import Platform
import ServiceModel

struct ShowConnectionStringCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-connection-string", abstract: "Show how programs connect to a server.",
        discussion: """
            With --uri one line for libpq and nothing else: psql "$(pitr show-connection-string -n NAME --uri)". \
            The login is the administrator's and the database 'postgres' unless given; without -p the \
            password stays where libpq looks for it, in PGPASSWORD or ~/.pgpass.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: [.customShort("s"), .customShort("n"), .long, .customLong("name")],
        help: "Name of the server.", completion: Completions.servers)
    var serverName: String?
    @Option(name: [.customShort("d"), .long], help: "Database.", completion: Completions.databases)
    var databaseName: String?
    @Option(name: [.customShort("u"), .long], help: "Login.") var adminUser: String?
    @Option(name: [.customShort("p"), .long], help: "Password.") var adminPassword: String?
    @OptionGroup var password: PasswordOptions
    @Flag(help: "Print one URI for psql and nothing else.") var uri = false
    @Flag(help: .hidden) var pgBouncer = false

    private var isOneLine: Bool { global.output == .tsv && global.query == nil }

    func validate() throws {
        if pgBouncer {
            throw ValidationError("--pg-bouncer is not possible here: servers come without PgBouncer")
        }
        if uri && serverName == nil {
            throw ValidationError("--uri needs the name of a server: --server-name")
        }
    }

    func execute(_ session: Session) throws -> Report {
        // Tab-separated there is room for one string, and it has to be one that can be used.
        if let serverName, uri || isOneLine {
            return try wholeURI(serverName, session)
        }
        var strings = ConnectionStrings(
            host: "{host}", port: 5432, database: databaseName, login: adminUser,
            password: try password.password(or: adminPassword))
        if let serverName {
            do {
                let controlPlane = try session.controlPlane()
                let server = try controlPlane.showServer(
                    ServerReference(resourceGroup: group.resourceGroup, name: serverName))
                guard server.opened == nil else {
                    throw Problem(
                        .operationNotSupported,
                        "'\(server.name)' is an opened backup, and no server is behind it")
                }
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
        if isOneLine {
            return Report(value: .string(strings.all["psql_cmd"] ?? ""), view: .text(text))
        }
        return try Report(["connectionStrings": strings.all], text)
    }

    private func wholeURI(_ name: String, _ session: Session) throws -> Report {
        // Before the command becomes the servers' account: the file is the person's.
        let given = try password.password(or: adminPassword)
        let address = try session.controlPlane().clientAddress(
            ServerReference(resourceGroup: group.resourceGroup, name: name))
        let text = ConnectionStrings.uri(
            host: address.host, port: address.port,
            database: databaseName ?? ClientOptions.standardDatabase,
            login: adminUser ?? address.login, password: given,
            rootCertificate: address.rootCertificate)
        let value = isOneLine ? JSONValue.string(text) : .object(["uri": .string(text)])
        return Report(value: value, view: .plain(text + "\n"))
    }

    func run() throws { try runForShell() }
}
