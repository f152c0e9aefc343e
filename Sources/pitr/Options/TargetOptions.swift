import ControlPlane
public import ArgumentParser
public import Planning
import Platform
public import PostgresFormat
import ServiceModel
import WALEvents

extension TargetMode: ExpressibleByArgument {}
extension LSN: ExpressibleByArgument {}

extension TransactionNumber: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

extension TimelineID: ExpressibleByArgument {
    public init?(argument: String) {
        guard let number = UInt32(argument), number > 0 else { return nil }
        self.init(number)
    }
}

/// From where and to which moment.
struct TargetOptions: ParsableArguments {
    @Option(
        name: [.customShort("s"), .long],
        help: "The server to restore: a name in the same group, or a resource id.",
        completion: Completions.servers)
    var sourceServer: String
    @OptionGroup var moment: MomentOptions

    /// The restore that is asked for.
    ///
    /// Throws `.usage` where the words of a time or an event are not understood.
    func request(in group: GroupOption) throws(Problem) -> RestoreRequest {
        try moment.request(source: sourceServer, in: group)
    }
}

/// To which moment.
struct MomentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The moment: 04:37 (the last one), 'yesterday 18:00', '2026-03-22 19:20 Europe/Paris', '2 hours ago' "
                + "or 2026-03-22T18:20:22+00:00; without a zone it is UTC. See 'pitr help times'.",
            valueName: "time"))
    var restoreTime: String?
    @Option(
        help: "A fast restore point: this backup alone, without replay beyond its end.",
        completion: Completions.backups)
    var backup: String?
    @Option(help: "The timeline to follow; the source's own unless given.") var timeline: TimelineID?
    @Option(help: "A WAL position: up to and with the first record that starts at or after it.")
    var lsn: LSN?
    @Option(help: "A transaction's number, 32 or 64 bits: up to and with the record that ends it.")
    var xid: TransactionNumber?
    @Flag(help: "With --lsn or --xid: up to just before that record.") var exclusive = false
    @Option(
        help: ArgumentHelp("A named restore point.", valueName: "name"), completion: Completions.restorePoints
    )
    var restorePoint: String?
    @Option(
        help: ArgumentHelp(
            "Just before something happened: 'drop table orders in database shop', 'truncate public.orders', "
                + "'delete from orders', 'drop database shop', 'restore point release-42'.",
            valueName: "event"))
    var before: String?
    @OptionGroup var choice: EventChoiceOptions
    @Option(
        help: ArgumentHelp(
            "Take the WAL of a source that does not run for ended there, where it is damaged.",
            valueName: "lsn"))
    var acceptEnd: LSN?
    @Option(help: "How PostgreSQL is told where to stop.") var targetMode = TargetMode.automatic

    /// The options that name a target.
    private var given: [String] {
        [
            ("--restore-time", restoreTime != nil), ("--backup", backup != nil), ("--lsn", lsn != nil),
            ("--xid", xid != nil), ("--restore-point", restorePoint != nil), ("--before", before != nil),
        ].filter(\.1).map(\.0)
    }

    func validate() throws {
        if given.count > 1 {
            throw ValidationError("give either \(given.joined(separator: " or ")): a restore has one target")
        }
        if exclusive, lsn == nil, xid == nil {
            throw ValidationError("--exclusive goes with --lsn or --xid")
        }
        if before == nil, choice.isGiven {
            throw ValidationError("--nth, --latest and --min-rows go with --before")
        }
    }

    /// Whether any of them was given.
    var isGiven: Bool {
        !given.isEmpty || timeline != nil || acceptEnd != nil || targetMode != .automatic
    }

    /// Throws `.usage` where the words of a time or an event are not understood.
    func request(source: String, in group: GroupOption) throws(Problem) -> RestoreRequest {
        var request = RestoreRequest(
            resourceGroup: group.resourceGroup, sourceServer: source, target: try target)
        request.timeline = timeline
        request.targetMode = targetMode
        request.acceptedEnd = acceptEnd
        return request
    }

    private var target: RequestedTarget {
        get throws(Problem) {
            if let restoreTime {
                return .time(try RequestedTime(restoreTime, now: SystemWallClock().now()))
            }
            if let backup { return .backup(backup) }
            if let lsn { return .position(lsn, exclusive: exclusive) }
            if let xid { return .transaction(xid, exclusive: exclusive) }
            if let restorePoint { return .restorePoint(restorePoint) }
            guard let before else { return .latest(asOf: nil) }
            return .event(try choice.event(before))
        }
    }
}
