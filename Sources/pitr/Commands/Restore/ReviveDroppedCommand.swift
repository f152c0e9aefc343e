import ArgumentParser
import ControlPlane
import ServiceModel

struct ReviveDroppedCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "revive-dropped", abstract: "Bring a deleted server back, as it was at its end.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name of the new server.") var name: String
    @Option(
        help: "The deleted server: its name, its id, or its resource id.",
        completion: Completions.deletedServers)
    var sourceServer: String
    @Option(name: .shortAndLong, help: "Location; a server comes back where it was.") var location: String?
    @OptionGroup var making: MakingOptions

    func execute(_ session: Session) throws -> Report {
        let request = try request
        let controlPlane = try session.controlPlane()
        if making.noWait.noWait { return try making.noWait.accept(.revive(request), controlPlane, session) }
        let result = try controlPlane.reviveDropped(request) { PlanCommand.announce($0, session) }
        return try RestoreCommand.report(result)
    }

    var request: RestoreRequest {
        get throws {
            var request = RestoreRequest(resourceGroup: group.resourceGroup, sourceServer: sourceServer)
            request.name = name
            try making.copy.apply(to: &request)
            return request
        }
    }
}
