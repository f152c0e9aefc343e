import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import PostgresFormat

struct ActivityLogListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List events, newest first.")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long], help: "Only this resource group.", completion: Completions.groups)
    var resourceGroup: String?
    @Option(help: "Only this resource id.") var resourceId: String?
    @Option(help: "Only this correlation id.") var correlationId: String?
    @Option(help: "Only this caller.") var caller: String?
    @Option(help: "Only this status: Started, Succeeded or Failed.") var status: String?
    @Option(
        help: ArgumentHelp(
            "From this time on, such as 'yesterday 18:00'; without a zone it is UTC.", valueName: "time"),
        transform: TimeText.init)
    var startTime: TimeText?
    @Option(help: ArgumentHelp("Up to this time; else now.", valueName: "time"), transform: TimeText.init)
    var endTime: TimeText?
    @Option(help: "Span before the end or after the start, such as 1d or 6h.") var offset = TimeOffset(
        seconds: 21600)
    @Option(help: "At most this many events.") var maxEvents = 50
    @Option(help: .hidden) var namespace: String?

    func execute(_ session: Session) throws -> Report {
        let range = range(now: SystemWallClock().now())
        [startTime, endTime].compactMap { $0?.note }.forEach(session.messages.note)
        let controlPlane = try session.controlPlane()
        if let resourceGroup { try controlPlane.requireRecordedGroup(resourceGroup) }
        let events = try controlPlane.activityLog(
            resourceGroup: resourceGroup, resourceID: resourceId, correlationID: correlationId,
            caller: caller,
            status: status, from: range.from, to: range.to, limit: maxEvents)
        return try Report(
            events.map(ActivityLogEvent.init), ChildViews.eventColumns, events.map(ChildViews.row))
    }

    /// A start alone reaches to now, an end alone goes back by the offset; one correlation is wanted whole.
    func range(now: PostgresTimestamp) -> (from: PostgresTimestamp?, to: PostgresTimestamp?) {
        if correlationId != nil && startTime == nil && endTime == nil { return (nil, nil) }
        let end = endTime?.instant ?? now
        return (startTime?.instant ?? end.advanced(bySeconds: -offset.seconds), end)
    }
}
