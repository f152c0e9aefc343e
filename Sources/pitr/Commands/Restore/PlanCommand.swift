import ArgumentParser
import AzureAPI
import ControlPlane
import ServiceModel

struct PlanCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Print exactly what a restore with the same options would do.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @Option(name: .shortAndLong, help: "Name of the new server.") var name: String?
    @OptionGroup var target: TargetOptions
    @OptionGroup var copy: CopyOptions
    @Flag(help: .hidden) var dryRun = false
    @OptionGroup var confirmed: YesOption
    @OptionGroup var network: NetworkOptions
    @OptionGroup var encryption: EncryptionOptions

    func execute(_ session: Session) throws -> Report {
        let request = try request
        return try Self.report(session.controlPlane().planRestore(request), session)
    }

    static func report(_ planned: PlannedRestore, _ session: Session) throws -> Report {
        // The table holds the remarks itself.
        if !session.options.format.isForPerson { planned.notes.forEach(session.messages.note) }
        return try Report(RestorePlanDocument(planned), PlanView.text(planned))
    }

    /// Before the work starts: the remarks always, the whole plan for a person.
    static func announce(_ planned: PlannedRestore, _ session: Session) {
        if StandardStream.error.isTerminal || session.messages.isVerbose {
            session.messages.note(PlanView.text(planned).render(width: StandardStream.error.width))
        } else {
            planned.notes.forEach(session.messages.note)
        }
    }

    var request: RestoreRequest {
        get throws { try copy.request(target, in: group, name: name) }
    }
}
