import ArgumentParser
import AzureAPI
import ControlPlane

struct ExplainCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tell a restore step by step, as PostgreSQL would live it.",
        discussion: "For learners: with the content of the files that are involved. Nothing is made.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var group: GroupOption
    @OptionGroup var target: TargetOptions

    func execute(_ session: Session) throws -> Report {
        let explanation = try session.controlPlane().explainRestore(try request)
        return try Report(RestoreExplanationDocument(explanation), ExplanationView.text(explanation))
    }

    var request: RestoreRequest {
        get throws { try target.request(in: group) }
    }
}
