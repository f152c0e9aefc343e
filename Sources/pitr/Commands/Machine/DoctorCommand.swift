import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct DoctorCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine lacks and what is wrong with the state.",
        discussion: "Ends with status 1 when it has found a problem; a warning is none, unless --strict.")

    @Flag(help: "End with status 1 for a warning too.") var strict = false

    @Flag(
        help: ArgumentHelp(
            "Make a new catalog from what is on the disk.",
            discussion: """
                For a catalog that is lost or damaged. The servers' descriptions and repositories tell \
                everything but past operations, the activity log and the API's identities. The damaged file \
                is kept.
                """))
    var rebuildCatalog = false

    @OptionGroup var global: GlobalOptions

    func execute(_ session: Session) throws -> Report {
        let findings = rebuildCatalog ? try rebuilt(session) : findings(session)
        var text = PersonText()
        for finding in findings {
            text.heading("\(finding.level.rawValue): \(finding.subject)")
            text.item(finding.message)
            if let remedy = finding.remedy { text.item(remedy) }
        }
        var report = try Report(findings.map(FindingDocument.init), text)
        report.failure = Self.failure(of: findings, strict: strict)
        return report
    }

    /// Makes the program fail, so that a timer or a script notices.
    ///
    /// - Parameter strict: whether warnings are enough.
    static func failure(of findings: [DoctorFinding], strict: Bool = false) -> Problem? {
        let problems = findings.filter { $0.level == .problem }
        let warnings = strict ? findings.filter { $0.level == .warning } : []
        let counts = [Self.counted(problems.count, "problem"), Self.counted(warnings.count, "warning")]
        return (problems + warnings).first.map { first in
            Problem(
                .system,
                counts.compactMap(\.self).joined(separator: " and ")
                    + (problems.count + warnings.count == 1 ? " was found" : " were found"),
                detail: "\(first.subject): \(first.message)", hint: first.remedy)
        }
    }

    private static func counted(_ count: Int, _ what: String) -> String? {
        count == 0 ? nil : "\(count) \(what)\(count == 1 ? "" : "s")"
    }

    private func rebuilt(_ session: Session) throws -> [DoctorFinding] {
        let (plane, made) = try session.rebuiltControlPlane()
        let told = Set(made.map(\.subject))
        return try made + plane.doctor().filter { $0.level != .ok || !told.contains($0.subject) }
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
