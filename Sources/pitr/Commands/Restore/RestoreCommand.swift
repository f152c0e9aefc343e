import ArgumentParser
import AzureAPI
import ControlPlane
import ServiceModel

struct RestoreCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a server as it was at some moment, as a new server.",
        discussion: "Without a time: the latest moment. The source is left as it is.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name of the new server.") var name: String
    @OptionGroup var target: TargetOptions
    @OptionGroup var copy: CopyOptions
    @OptionGroup var expiry: ExpiryOptions
    @Flag(
        help: ArgumentHelp(
            "Take the name and address of an earlier copy of the same source, which is deleted then and can be revived."
        ))
    var replace = false
    @Flag(help: "Print the plan and do nothing.") var dryRun = false
    @OptionGroup var noWait: NoWaitOption
    @OptionGroup var confirmed: YesOption
    @OptionGroup var network: NetworkOptions
    @OptionGroup var encryption: EncryptionOptions

    func validate() throws {
        guard replace else { return }
        if copy.listen != nil || copy.port != nil {
            throw ValidationError("--replace keeps the address and the port that are there")
        }
    }

    func execute(_ session: Session) throws -> Report {
        let request = try request
        let controlPlane = try session.controlPlane()
        if dryRun { return try PlanCommand.report(controlPlane.planRestore(request), session) }
        if noWait.noWait { return try noWait.accept(.restore(request), controlPlane, session) }
        let result = try controlPlane.restore(request) { PlanCommand.announce($0, session) }
        return try RestoreCommand.report(result)
    }

    static func report(_ result: RestoreResult) throws -> Report {
        let document = FlexibleServer(
            result.server, evidence: RestoreEvidenceDocument(result.evidence), followUp: result.followUp)
        return try Report(document, EvidenceView.text(result))
    }

    var request: RestoreRequest {
        get throws {
            var request = try target.request(in: group)
            request.name = name
            try copy.apply(to: &request)
            try expiry.apply(to: &request)
            request.replaces = replace
            return request
        }
    }
}
