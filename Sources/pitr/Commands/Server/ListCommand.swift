import ArgumentParser
import AzureAPI
import ControlPlane
import ServiceModel

struct ListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the servers, or the deleted ones that can still come back, or temporary copies.")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long], help: "Only this resource group.", completion: Completions.groups)
    var resourceGroup: String?
    @Flag(help: "The servers that were deleted and whose backups are still there.") var deleted = false
    @Option(
        help: ArgumentHelp("Only those with this tag; may be repeated.", valueName: "name[=value]"))
    var tag: [TagCondition] = []
    @Option(
        name: [.customShort("s"), .customLong("source"), .customLong("source-server")],
        help: "Only copies of this server: a name or an id.", completion: Completions.servers)
    var source: String?
    @Flag(help: "Only copies whose time is over and that are still there.") var expired = false
    @Flag(help: "The temporary copies of operations that run; -g and -s are about their sources.")
    var temporary = false
    @Flag(help: .hidden) var showCluster = false

    func validate() throws {
        if temporary, expired || deleted || !tag.isEmpty {
            throw ValidationError("--temporary goes with -g and -s only")
        }
        if expired, deleted { throw ValidationError("give either --expired or --deleted") }
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        if temporary {
            let copies = try controlPlane.listTemporaryCopies(resourceGroup: resourceGroup, source: source)
            if copies.isEmpty { try requireKnownSource(controlPlane) }
            return try Report(
                copies.map(TemporaryCopyDocument.init), UsageView.temporaryColumns, copies.map(UsageView.row))
        }
        let filter = ServerFilter(tags: tag.map { ($0.name, $0.value) }, source: source, isExpired: expired)
        let all =
            try deleted
            ? controlPlane.listDeletedServers(resourceGroup: resourceGroup)
            : controlPlane.listServers(resourceGroup: resourceGroup)
        let servers = all.filter(filter.matches)
        if servers.isEmpty { try requireKnownSource(controlPlane) }
        let documents = servers.map { FlexibleServer($0) }
        if deleted {
            return try Report(documents, ServerView.deletedColumns, servers.map(ServerView.deletedRow))
        }
        let table = ServerView.table(servers)
        return try Report(documents, table.header, table.rows)
    }
    /// No copies of a server that never was would pass for a server without copies.
    private func requireKnownSource(_ controlPlane: ControlPlane) throws {
        if let source { try controlPlane.requireKnown(source: source) }
    }
}
