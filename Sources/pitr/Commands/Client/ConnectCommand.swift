import ArgumentParser
import ControlPlane
import Glibc
import Platform
import PostgresClient

struct ConnectCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Open psql on a server, as the person who called.",
        discussion: """
            psql takes this process's place: with your rights, your terminal, your environment and working directory, \
            and its exit status. It verifies the server (verify-full). The password comes from --admin-password-file, \
            PGPASSWORD or ~/.pgpass, else psql asks at the terminal. What stands behind '--' is for psql: \
            pitr connect -n NAME -- -c 'SELECT 1'
            """)
    static let whenKilled = KilledCommand.client

    @OptionGroup var global: GlobalOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var password: ClientPassword
    @Argument(parsing: .postTerminator, help: "psql's own arguments, behind '--'.")
    var psqlArguments: [String] = []

    func validate() throws {
        if global.output != nil || global.query != nil {
            throw ValidationError(
                "-o and --query are not for psql, which prints in its own ways; 'pitr execute' prints rows in "
                    + "any format")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let password = try password.password()
        let address = try AddressInquiry(session: session).openAddress(client.server.reference)
        let program = try PsqlProgram.find(version: address.version)
        let environment = ClientEnvironment(
            address, database: client.databaseName, login: client.login(address))
        for name in ClientEnvironment.inTheWay { unsetenv(name) }
        for variable in environment.variables { setenv(variable.name, variable.value, 1) }
        // Never among the arguments: those are everybody's to read.
        if let password { setenv("PGPASSWORD", password, 1) }
        if !Self.hasTerminal, password == nil, getenv("PGPASSWORD") == nil,
            let hint = passwordHint(address)
        {
            session.messages.note(hint)
        }
        session.messages.detail("\(program) at \(address.host), port \(address.port)")
        throw PsqlProgram.become(program, (Self.hasTerminal ? [] : Self.unasked) + psqlArguments)
    }

    /// Without a terminal psql would ask on standard error and take the first line of standard input for the
    /// answer: that is SQL here.
    private static let unasked = ["--no-password"]

    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }

    /// How to give the password that the server wants and nobody has given: psql says only that there is
    /// none. A note and no refusal, since its own arguments may lead elsewhere; what else is wrong it says
    /// itself.
    private func passwordHint(_ address: ClientAddress) -> String? {
        do throws(Problem) {
            let parameters = client.parameters(address, password: nil, as: "pitr connect")
            try ScriptRunner(
                parameters, clearing: ClientEnvironment.inTheWay, cancellation: Interruption.flag
            ).close()
            return nil
        } catch {
            return error.hint
        }
    }
}

/// The `psql` that takes a command's place.
enum PsqlProgram {
    /// The person's own, else the one that came with the server's version.
    static func find(version: String) throws(Problem) -> String {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        // An empty or relative entry is the working directory: nobody means psql to come from there.
        let directories = path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        for directory in directories + ["/usr/lib/postgresql/\(version)/bin"] {
            let program = directory + "/psql"
            if DurableFiles.status(program)?.kind == .file, access(program, X_OK) == 0 { return program }
            if let target = DurableFiles.linkTarget(program), !target.isEmpty, access(program, X_OK) == 0 {
                return program
            }
        }
        throw Problem(
            .postgresMissing, "there is no psql to run", detail: "PATH is \(path)",
            hint: "Install it: apt-get install postgresql-client-\(version).")
    }

    /// Returns only when it did not work. Handled signals have their defaults again in the new program.
    static func become(_ program: String, _ arguments: [String]) -> Problem {
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        execv(program, &words)
        return Problem(.system, "cannot run \(program)", detail: String(cString: strerror(errno)))
    }
}
