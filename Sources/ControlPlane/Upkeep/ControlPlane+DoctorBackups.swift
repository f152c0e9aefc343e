import Capture
import Catalog
import Instance
import Platform
import Repository
import ServiceModel

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
                dataDirectory: instancePaths(row).data, major: try installation(row).major)
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

    /// A backup whose last check found damage; nil when none did.
    func checkFinding(_ row: ServerRow) throws -> DoctorFinding? {
        let damaged = try BackupRepository(layout: layout(row)).list().compactMap { backup in
            backup.lastCheck.flatMap { $0.outcome == .sound ? nil : (backup.name, $0) }
        }
        guard let (name, check) = damaged.first else { return nil }
        let count = damaged.count == 1 ? "" : "\(damaged.count) damaged backups, the first of them "
        return DoctorFinding(
            level: .problem, subject: "repository of \(row.name)",
            message: "\(count)backup '\(name)', checked \(check.time): \(check.finding ?? "it is damaged")",
            remedy: "Take a new one with 'pitr backup create -s \(row.name)'; restores use the others. "
                + "'pitr backup verify -s \(row.name) -n \(name)' checks this one again.")
    }
}
