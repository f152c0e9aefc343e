public import ArgumentParser
import ControlPlane
public import Planning

extension TargetMode: ExpressibleByArgument {}

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
    @Option(help: "How PostgreSQL is told where to stop.") var targetMode = TargetMode.automatic

    func validate() throws {
        if restoreTime != nil && backup != nil {
            throw ValidationError("give either --restore-time or --backup")
        }
    }

    func apply(to request: inout RestoreRequest) {
        request.restoreTime = restoreTime
        request.backupName = backup
        request.targetMode = targetMode
    }
}
