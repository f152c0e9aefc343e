import ArgumentParser
import AzureAPI
import ControlPlane
import Platform

struct DoctorCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine lacks and what is wrong with the state.")

    @OptionGroup var global: GlobalOptions

    func execute(_ session: Session) throws -> Report {
        let findings = findings(session)
        var text = PersonText()
        for finding in findings {
            text.heading("\(finding.level.rawValue): \(finding.subject)")
            text.item(finding.message)
            if let remedy = finding.remedy { text.item(remedy) }
        }
        return try Report(findings.map(FindingDocument.init), text)
    }

    /// What keeps the state from being opened at all is a finding as well.
    private func findings(_ session: Session) -> [DoctorFinding] {
        do {
            return try session.controlPlane().doctor()
        } catch {
            let problem = Failure.problem(error, cancelled: Interruption.flag.isCancelled)
            let message = problem.message + (problem.detail.map { ": \($0)" } ?? "")
            return [
                DoctorFinding(
                    level: .problem, subject: problem.code.rawValue, message: message, remedy: problem.hint)
            ]
        }
    }
}
