import ArgumentParser
import ControlPlane
import Platform
import PostgresClient

struct ExecuteCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "execute", abstract: "Run SQL on a server and print its rows.",
        discussion: """
            Prints the rows of the last statement that returns any. A file is one transaction: all of it, or nothing. \
            The password comes from --admin-password-file, PGPASSWORD or ~/.pgpass. The file is SQL; \
            psql's own commands and COPY's data are for 'pitr connect -n NAME -- -f FILE'.
            """)
    static let whenKilled = KilledCommand.client

    @OptionGroup var global: GlobalOptions
    @OptionGroup var client: ClientOptions
    @OptionGroup var password: ClientPassword
    @Option(name: [.customShort("q"), .long], help: "SQL.") var querytext: String?
    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("A file of SQL; '-' is standard input.", valueName: "file"))
    var filePath: String?
    @Flag(help: "Each statement of the file by itself, as VACUUM and CREATE DATABASE need it.")
    var noTransaction = false

    func validate() throws {
        guard (querytext == nil) != (filePath == nil) else {
            throw ValidationError("give the SQL with --querytext or with --file-path")
        }
        if noTransaction && filePath == nil {
            throw ValidationError("--no-transaction is about the statements of --file-path")
        }
        if filePath == "-" && password.source.adminPasswordFile == "-" {
            throw ValidationError("standard input cannot be both the password and the SQL")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let script = try filePath.map { try PersonalFile($0).text() } ?? querytext ?? ""
        let password = try password.password()
        let address = try AddressInquiry(session: session).openAddress(client.server.reference)
        let runner = try ScriptRunner(
            client.parameters(address, password: password, as: "pitr execute"),
            clearing: ClientEnvironment.inTheWay, cancellation: Interruption.flag)
        defer { runner.close() }
        let results =
            switch (filePath, noTransaction) {
            case (nil, _): try runner.run(script)
            case (_, false): try runner.runAsTransaction(script)
            case (_, true): try runner.runEach(script)
            }
        guard let result = results.last(where: { !$0.columns.isEmpty }) else {
            if let last = results.last { session.messages.note(last.tag) }
            return QueryView.report(nil, global.format)
        }
        if result.rows.isEmpty { session.messages.note("no rows") }
        return QueryView.report(result, global.format)
    }
}
