import Capture
import Catalog
import Instance
import Platform

extension ControlPlane {
    /// What will keep the next backup of a running server from being made.
    func backupFindings(_ row: ServerRow) -> [DoctorFinding] {
        func finding(_ message: String, _ remedy: String?) -> DoctorFinding {
            DoctorFinding(
                level: .problem, subject: "server \(row.name)", message: message, remedy: remedy)
        }
        var findings: [DoctorFinding] = []
        do {
            _ = try BaseBackupCapture.survey(
                dataDirectory: paths.data(row.id), major: try installation().major)
        } catch {
            let problem = Self.problem(from: error)
            findings.append(
                finding(
                    "backups fail: " + problem.message + (problem.detail.map { ": \($0)" } ?? ""),
                    problem.hint))
        }
        if let room = try? diskRoom(layout(row).backups) {
            do {
                try room.require(0, for: "a backup")
            } catch {
                findings.append(
                    finding("backups fail: \(error.message): \(error.detail ?? "")", error.hint))
            }
        }
        return findings
    }
}
