import ArgumentParser
import AzureAPI
import ControlPlane
import ServiceModel

struct ShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a server, and for a restored one the evidence of its restore.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var watching: WatchOption

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        guard watching.watch else { return try report(controlPlane, session) }
        return try Watch.run(session) { (try report(controlPlane, session), false) }
    }

    private func report(_ controlPlane: ControlPlane, _ session: Session) throws -> Report {
        let details = try controlPlane.showServer(server.reference)
        let evidence = details.restoredFrom == nil ? nil : try controlPlane.evidence(of: server.reference)
        if let drill = details.lastDrill, drill.result == .failed {
            session.messages.warning(
                "the last drill of '\(details.name)' failed: \(drill.reason ?? ""); pitr drill show -n \(drill.id)"
            )
        }
        var text = ServerView.text(details)
        if let evidence { text.append(EvidenceView.text(evidence)) }
        return try Report(FlexibleServer(details, evidence: evidence.map(RestoreEvidenceDocument.init)), text)
    }
}
