import ArgumentParser
import AzureAPI
import ControlPlane
import Notation
import ServiceModel
import WALEvents

struct TimelineCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline",
        abstract: "Show what happened on a server, and how to restore to just before it.",
        discussion: """
            Reads the backups and the WAL, and changes nothing. What was rolled back is not in it; VACUUM FULL, \
            CLUSTER and REINDEX are no events.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(
        name: [.customShort("s"), .long],
        help: "The server: a name in the same group, a resource id, or the id of a deleted server.",
        completion: Completions.servers)
    var sourceServer: String
    @Option(
        help: ArgumentHelp(
            "Events from this time on, written as for restore: 04:37, '10 minutes ago'.", valueName: "time"),
        transform: TimeText.init)
    var from: TimeText?
    @Option(help: ArgumentHelp("Events up to this time.", valueName: "time"), transform: TimeText.init)
    var to: TimeText?
    @Flag(help: "Only the events.") var events = false
    @Flag(help: "Checkpoints among the events; -o json has them in any case.") var checkpoints = false
    @Option(
        help: """
            Only what happened to this table or its partitions: orders, public.orders, or \
            either with 'in database shop' behind it.
            """)
    var table: String?
    @Option(
        help: """
            Show row changes only if they affect at least this many rows; else 1000, and an UPDATE or DELETE of \
            two or more that is a fifth of its table.
            """)
    var minRows: Int64?
    @Flag(help: "Every change of rows, however small: as --min-rows 1.") var all = false

    func validate() throws {
        _ = try tablePattern()
        if let minRows, minRows < 1 { throw ValidationError("--min-rows is at least 1") }
        if all, minRows != nil { throw ValidationError("--all and --min-rows exclude each other") }
        if let from, let to, to.instant < from.instant {
            throw ValidationError("--to is before --from")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let query = try query()
        let history = try session.controlPlane().history(
            of: sourceServer, resourceGroup: group.resourceGroup, query)
        [from, to].compactMap { $0?.note }.forEach(session.messages.note)
        let view = TimelineView(
            history: history, onlyEvents: events, showsCheckpoints: checkpoints, isNarrowed: table != nil,
            minRows: query.minimumRows)
        var frame = history
        frame.happened.events = []
        let list = LongList(name: "events", count: history.happened.events.count) { range in
            let documents = history.happened.events[range].map { event in
                EventDocument(event, restoreCommand: view.command(before: event))
            }
            return try JSONValue(encoding: documents).array ?? []
        }
        return try Report(
            TimelineDocument(frame, minRows: query.minimumRows, command: view.command), with: list
        ) { view.text }
    }

    private func tablePattern() throws -> ObjectPattern? {
        do {
            return try table.map { (text) throws(EventPattern.Flaw) in try ObjectPattern(text) }
        } catch {
            throw ValidationError("--table: \(error)")
        }
    }

    private func query() throws -> EventQuery {
        EventQuery(
            from: from?.instant, to: to?.instant, minimumRows: all ? 1 : minRows, table: try tablePattern())
    }
}
