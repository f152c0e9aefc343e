public import ArgumentParser
import ControlPlane
public import Planning
public import PostgresFormat

extension TargetMode: ExpressibleByArgument {}

extension TimelineID: ExpressibleByArgument {
    public init?(argument: String) {
        guard let number = UInt32(argument), number > 0 else { return nil }
        self.init(number)
    }
}

/// From where and to which moment.
struct TargetOptions: ParsableArguments {
    @Option(help: "The server to restore: a name in the same group, or a resource id.") var sourceServer:
        String
    @Option(
        help: ArgumentHelp(
            "The moment, such as 2026-03-22T18:20:22+00:00; without a zone it is UTC.", valueName: "time"))
    var restoreTime: String?
    @Option(help: "A fast restore point: this backup alone, without replay beyond its end.") var backup:
        String?
    @Option(help: "The timeline to follow; the source's own unless given.") var timeline: TimelineID?
    @Option(help: "How PostgreSQL is told where to stop.") var targetMode = TargetMode.automatic

    func validate() throws {
        if restoreTime != nil && backup != nil {
            throw ValidationError("give either --restore-time or --backup")
        }
    }

    func apply(to request: inout RestoreRequest) {
        request.restoreTime = restoreTime
        request.backupName = backup
        request.timeline = timeline
        request.targetMode = targetMode
    }
}
