import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import Repair
import ServiceModel

struct CompareCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract:
            "Compare a copy with its source's latest moment, or two servers: definitions and every row.",
        discussion: """
            Without --with or --with-source a temporary copy of the latest moment of the copy's source is \
            made and read: the source itself is not. Then WAL of both sides tells which rows can differ, \
            and only these are read; --full reads every row. Rows are compared by all that PostgreSQL \
            prints of them, so that 1.0 and 1.00 differ; a row is found on the other side by its key, \
            without one rows are counted. Each side is read in one snapshot for each database, and nothing \
            is written on it. Ends with status 1 where something differs. With --no-wait the daemon keeps what \
            comes of it: 'pitr result list' and 'pitr result export'.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Option(
        help: ArgumentHelp("The other server: a name in the same group.", valueName: "server"),
        completion: Completions.servers)
    var with: String?
    @Flag(help: "Read the source itself by SQL instead of a copy of its latest moment.") var withSource =
        false
    @Option(
        name: [.customShort("d"), .customLong("database-name"), .customLong("database")],
        help: "Only this database; else all.", completion: Completions.databases)
    var databaseName: String?
    @Option(
        help: ArgumentHelp(
            "Only tables of that name, as orders, public.orders or shop.*; repeatable. No definitions then.",
            valueName: "pattern"))
    var table: [String] = []
    @Flag(help: "Only definitions.") var schema = false
    @Flag(help: "Only rows, sequences and large objects.") var rows = false
    @Flag(help: "Read every row, also where WAL tells which rows can differ.") var full = false
    @Option(
        help: ArgumentHelp(
            "A folder to make for the report, every row that differs, and both definitions of objects.",
            valueName: "dir"),
        completion: .directory)
    var out: String?
    @Option(
        help: ArgumentHelp(
            "Read at most so much of the other server in a second, in MiB.", valueName: "mib"))
    var maxRate: Double?
    @OptionGroup var noWait: NoWaitOption

    func validate() throws {
        if with != nil, withSource { throw ValidationError("give either --with or --with-source") }
        if noWait.noWait, out != nil {
            throw ValidationError(
                "with --no-wait the result is kept for 'pitr result export': --out does not go with it")
        }
        if schema, rows {
            throw ValidationError("--schema and --rows exclude each other: give neither for both")
        }
        if schema, !table.isEmpty {
            throw ValidationError("--table is about rows: it does not go with --schema")
        }
        if let maxRate, !(maxRate >= 0.1 && maxRate <= 1_000_000) {
            throw ValidationError("--max-rate is 0.1 or more, in MiB for each second")
        }
        if maxRate != nil, with == nil, !withSource {
            throw ValidationError(
                "--max-rate goes with --with or --with-source: else no server in use is read")
        }
    }

    func execute(_ session: Session) throws -> Report {
        if noWait.noWait { return try noWait.accept(.compare(request), session.controlPlane(), session) }
        // With the caller's rights: the service account may not be allowed to write here.
        let folder = try out.map { try CompareFolder(path: $0) }
        do {
            let result = try session.controlPlane().compare(request) {
                (database, table, row) throws(Problem) in
                try folder?.add(database, table, row)
            }
            try folder?.finish(result)
            var report = try Report(
                ComparisonDocument(result), ComparisonView.text(result, folder: folder?.path))
            report.exitStatus = result.isEqual ? 0 : 1
            return report
        } catch {
            if let folder, !folder.discard() {
                session.messages.warning("\(folder.path) is left behind, empty")
            }
            throw error
        }
    }

    private var request: CompareRequest {
        let other: CompareRequest.Other =
            if let with {
                .server(ServerReference(resourceGroup: server.reference.resourceGroup, name: with))
            } else {
                withSource ? .source : .sourceNow
            }
        var request = CompareRequest(server: server.reference, other: other)
        request.database = databaseName
        request.tables = table
        request.comparesSchema = !rows
        request.comparesRows = !schema
        request.readsAll = full
        request.maximumRate = maxRate.map { UInt64($0 * 1_048_576) }
        return request
    }
}
