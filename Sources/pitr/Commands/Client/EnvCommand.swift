import ArgumentParser
import ControlPlane
import Notation
import Platform
import ServiceModel

struct EnvCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Turn psql, pg_dump and all libpq towards a server.",
        discussion: """
            For a shell: eval "$(pitr env -n NAME)". It sets PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE=verify-full \
            and PGSSLROOTCERT; eval "$(pitr env --unset)" puts back what was there before. The password stays where \
            libpq looks for it: PGPASSWORD or ~/.pgpass.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name of the server.") var name: String?
    @Option(name: [.customShort("d"), .long], help: "Database.", completion: Completions.databases)
    var databaseName = ClientOptions.standardDatabase
    @Option(name: [.customShort("u"), .long], help: "Login; else the administrator's.") var adminUser: String?
    @Flag(help: "Print what puts the variables back.") var unset = false

    func validate() throws {
        if name == nil && !unset { throw ValidationError("Missing expected argument '--name <name>'") }
    }

    func execute(_ session: Session) throws -> Report {
        guard !unset, let name else {
            return Report(
                value: .object(["script": .string(ClientEnvironment.undo)]),
                view: .plain(ClientEnvironment.undo))
        }
        let server = ServerReference(resourceGroup: group.resourceGroup, name: name)
        let address = try session.controlPlane().clientAddress(server)
        if address.state != .ready {
            session.messages.warning(
                "server '\(address.server)' does not run: it is \(address.state.rawValue)")
        } else if let warning = address.warning {
            session.messages.warning(warning)
        }
        let environment = ClientEnvironment(
            address, database: databaseName, login: adminUser ?? address.login)
        var fields = JSONObject()
        for variable in environment.variables { fields[variable.name] = .string(variable.value) }
        fields["script"] = .string(environment.script)
        return Report(value: .object(fields), view: .plain(environment.script))
    }

    func run() throws { try runForShell() }
}
