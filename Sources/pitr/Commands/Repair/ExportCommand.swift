public import ArgumentParser
import AzureAPI
import ControlPlane
import Glibc
import Notation
import Platform
import ServiceModel

extension ExportFormat: ExpressibleByArgument {}

struct ExportCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write rows of one table into a file, with a manifest that says what it holds.",
        discussion: """
            All rows are of one snapshot, and nothing is written on the server. Beside FILE lies \
            FILE.manifest.json with the number of rows, the SHA-256 and what was asked for; of a copy the \
            evidence tells the same. Without -u the tool's own superuser reads, past row security, and may run \
            whatever functions --where names, in a read-only transaction: name only what you trust. With -u it \
            is that login, over TCP, with its rights; the password comes from --admin-password-file or \
            PGPASSWORD. An existing file is never overwritten.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Option(name: [.customShort("d"), .long], help: "Database.", completion: Completions.databases)
    var databaseName = ClientOptions.standardDatabase
    @Option(
        name: [.customShort("u"), .long], help: "The login that reads; else the tool's own superuser.")
    var adminUser: String?
    @OptionGroup var password: ClientPassword
    @Option(help: ArgumentHelp("The table, as orders or public.orders.", valueName: "table"))
    var table: String
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Only rows for which this is true, as behind WHERE.", valueName: "sql"))
    var condition: String?
    @Option(
        help: ArgumentHelp("Only these columns, in this order: id,due; repeatable.", valueName: "columns"))
    var columns: [String] = []
    @Option(
        help: ArgumentHelp(
            "CSV with a header, COPY's text, or INSERT statements: csv, copy or sql.", valueName: "format"))
    var format = ExportFormat.csv
    @Flag(help: .hidden) var intoDescriptors = false
    @Argument(help: "The file to write; '-' is standard output.", completion: .file()) var file: String

    func validate() throws {
        let isWithPassword =
            password.adminPassword != nil || password.source.adminPasswordFile != nil
            || password.source.adminPasswordEnv != nil
        if adminUser == nil, isWithPassword {
            throw ValidationError("a password goes with a login: name it with -u")
        }
        if columns.contains(where: { $0.split(separator: ",", omittingEmptySubsequences: false).contains("") }
        ) {
            throw ValidationError("--columns has an empty name in it")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let first = DescendingChild.firstDescriptor
        if intoDescriptors { return try export(session, into: first, manifest: first + 1) }
        // With the caller's rights: the service account may not be allowed to write there.
        let data = try DestinationFile(path: file)
        defer { data.close() }
        guard data.isNew else { return try export(session, into: data.descriptor, manifest: nil) }
        var made = [data]
        defer { made.dropFirst().forEach { $0.close() } }
        do {
            made.append(try DestinationFile(path: file + ".manifest.json"))
            guard geteuid() == 0 else {
                return try export(session, into: data.descriptor, manifest: made[1].descriptor)
            }
            try DescendingChild.run(
                "export", flag: "--into-descriptors", descriptors: made.map(\.descriptor))
            return .nothing
        } catch {
            let isClean = made.reduce(true) { $1.discard() && $0 }
            if !isClean { session.messages.warning("\(file) is left behind, empty") }
            throw error
        }
    }

    private func export(_ session: Session, into data: Int32, manifest: Int32?) throws -> Report {
        var request = ExportRequest(
            server: server.reference, database: databaseName, table: table)
        request.columns = columns.flatMap { $0.split(separator: ",").map(String.init) }
        request.condition = condition
        request.format = format
        request.login = adminUser
        if adminUser != nil {
            request.password = try password.password() ?? getenv("PGPASSWORD").map { String(cString: $0) }
        }
        if manifest != nil { request.file = file.split(separator: "/").last.map(String.init) }
        let result = try session.controlPlane().export(request, into: data)
        let document = ExportDocument(result.manifest)
        if let manifest {
            let text = JSONText.render(try JSONValue(encoding: document))
            try DescriptorOutput(manifest).write(Array(text.utf8))
        }
        for note in result.notes { session.messages.warning(note) }
        guard file == "-" else { return try Report(document, ExportView.text(result)) }
        session.messages.note("\(result.manifest.rows) rows, SHA-256 \(result.manifest.sha256)")
        return .nothing
    }
}
