import ArgumentParser
import ControlPlane
import ServiceModel

struct GeoRestoreCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "geo-restore",
        abstract: "Restore a server from its geo-redundant backups, in the paired location.",
        discussion: "Reads nothing of the first location: neither the server nor its repository.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name of the new server.") var name: String
    @Option(name: .shortAndLong, help: "The paired location.") var location: String
    @OptionGroup var target: TargetOptions
    @OptionGroup var making: MakingOptions

    func execute(_ session: Session) throws -> Report {
        let request = try request
        let controlPlane = try session.controlPlane()
        if making.noWait.noWait {
            return try making.noWait.accept(.geoRestore(request, location: location), controlPlane, session)
        }
        let result = try controlPlane.geoRestore(request, location: location) {
            PlanCommand.announce($0, session)
        }
        return try RestoreCommand.report(result)
    }

    var request: RestoreRequest {
        get throws { try making.copy.request(target, in: group, name: name) }
    }
}
