import AzureAPI
import ControlPlane
import Notation
import Planning
import Platform
import Portal
import PostgresFormat
import ServiceModel
import WALEvents

/// Backup and restore: what a server can be restored from.
extension PortalPages {
    /// Backups on one page.
    private static let mostBackups = 100

    func backupsPage(_ known: ServerDetails) throws -> BackupsPage {
        // After a form it is known without what it takes on the disk.
        let server = known.diskUsage == nil ? try controlPlane.showServer(Self.reference(known)) : known
        var page = BackupsPage()
        page.frame = try visit.frame(server, .backups)
        page.group = server.resourceGroup
        page.name = server.name
        page.filter = BackupsPage.Filter(rawValue: visit.request.query["type"] ?? "") ?? .all
        page.retentionDays = server.backupRetentionDays
        page.mayBackUp = visit.may(.createBackup, server.resourceGroup) && server.state == .ready
        page.mayDelete = visit.may(.deleteBackup, server.resourceGroup)
        page.mayRestore = visit.may(.restoreServer, server.resourceGroup)
        page.mayCheck = server.earliestRestoreDate != nil && visit.may(.verifyWAL, server.resourceGroup)
        page.check = try controlPlane.lastVerification(of: Self.reference(server)).map(Self.check)
        page.once = MachineSecret.fresh()
        let all = try controlPlane.listBackups(Self.reference(server)).reversed()
        page.redundancy = Self.redundancy(server)
        try addArchive(server, to: &page)
        let wanted = all.filter {
            page.filter == .all || Self.isOnDemand($0) == (page.filter == .onDemand)
        }
        let after = min(max(Int(visit.request.query["after"] ?? "") ?? 0, 0), wanted.count)
        page.backups = wanted.dropFirst(after).prefix(Self.mostBackups).map(Self.backup)
        page.newer = after == 0 ? nil : max(0, after - Self.mostBackups)
        let end = after + page.backups.count
        page.older = end < wanted.count ? end : nil
        let time = controlPlane.now.wholeSeconds.filter { $0.isASCII && $0.isNumber }
        page.suggestion = "\(server.name.prefix(40))-\(time)"
        let place = "-g \(Shell.word(server.resourceGroup)) -s \(Shell.word(server.name))"
        page.frame.samePitr = ["pitr backup list \(place)"]
        page.frame.sameAz = ["az postgres flexible-server backup list \(place) -o table"]
        return page
    }

    private static func backup(_ details: BackupDetails) -> BackupsPage.Backup {
        var backup = BackupsPage.Backup()
        backup.name = details.name
        backup.type = details.backupType
        backup.completed = PortalWords.time(details.completedTime)
        backup.size = ByteText.of(details.totalBytes)
        backup.verdict = details.verdict.map(Self.words) ?? "never checked"
        backup.isOnDemand = isOnDemand(details)
        return backup
    }

    private static func isOnDemand(_ details: BackupDetails) -> Bool {
        details.source == "Customer Initiated"
    }

    private static func words(_ verdict: BackupVerdict) -> String {
        let outcome =
            switch verdict.outcome {
            case .sound: "checked and sound"
            case .damagedFiles: "damaged"
            case .damagedWAL: "its WAL is damaged"
            }
        return "\(outcome), \(PortalWords.time(verdict.time))" + (verdict.finding.map { ": \($0)" } ?? "")
    }

    private static func redundancy(_ server: ServerDetails) -> [Fact] {
        guard let pair = server.geoRedundancy else {
            return [Fact("Backup redundancy", "Locally redundant")]
        }
        let lag = pair.lagSeconds.map { "\(PortalWords.seconds(Double($0))) behind" } ?? "up to date"
        return [
            Fact("Backup redundancy", "Geo-Redundant"), Fact("Second copy", pair.location),
            Fact("Is", pair.isAvailable ? lag : "out of reach"),
            Fact("Latest restore point there", pair.latestRestoreDate.map(PortalWords.time) ?? "none"),
        ]
    }

    /// What is archived. Gaps are told by what a look at the last moment meets: no event is read for them.
    private func addArchive(_ server: ServerDetails, to page: inout BackupsPage) throws {
        if let archiver = server.archiver {
            page.archive = [
                Fact("Archiver", archiver.isFailing ? "Failing: \(archiver.failureWords)" : "Archives WAL"),
                Fact("Last archived", archiver.lastArchivedWAL ?? "none yet", isExact: true),
                Fact("At", archiver.lastArchivedTime.map(PortalWords.time) ?? "", isExact: true),
            ]
        }
        if let usage = server.diskUsage {
            page.archive.append(Fact("On disk", ByteText.of(usage.wal)))
            page.redundancy.append(Fact("Backups on disk", ByteText.of(usage.backups)))
        }
        guard server.earliestRestoreDate != nil else { return }
        let now = controlPlane.now
        do {
            let history = try controlPlane.history(
                of: ResourceID.server(Self.reference(server)), resourceGroup: server.resourceGroup,
                EventQuery(from: now, to: now, minimumRows: .max), known: server)
            page.gaps = Self.gaps(history, latest: now).map(\.words)
            page.archive.append(Fact("Gaps", page.gaps.isEmpty ? "None" : String(page.gaps.count)))
        } catch {
            // The list of backups is worth showing without it.
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500, problem.code != .canceled else { throw problem }
            page.archive.append(Fact("Gaps", "unknown: \(problem.message)"))
        }
    }

    private static func check(_ verdict: ArchiveVerdict) -> ArchiveCheck {
        ArchiveCheck(
            isSound: verdict.isSound,
            facts: [
                Fact("Last verified", PortalWords.time(verdict.time), isExact: true),
                Fact(
                    "Segments", "\(verdict.segments)\(verdict.last.map { ", the last one \($0)" } ?? "")",
                    isExact: true), Fact("Records", String(verdict.records), isExact: true),
                Fact(
                    "Needed from",
                    verdict.neededFrom.map { "\($0), where backup \(verdict.neededBy ?? "") begins" }
                        ?? "nowhere", isExact: true),
            ], findings: verdict.findings, findingCount: verdict.findingCount)
    }

    func saveBackup(_ server: ServerDetails) throws -> APIResponse {
        let isCheck = form["do"] == "verify"
        let isDeletion = form["do"] == "delete"
        try visit.require(
            isCheck ? .verifyWAL : isDeletion ? .deleteBackup : .createBackup, server.resourceGroup)
        let name = form["backup"] ?? ""
        let reference = Self.reference(server)
        do {
            return try visit.accept(form) {
                if isCheck { return .verifyWAL(reference) }
                return isDeletion
                    ? .deleteBackup(reference, name: name) : .createBackup(reference, name: name)
            }
        } catch {
            let problem = ControlPlane.problem(from: error)
            guard problem.code.httpStatus < 500 else { throw problem }
            var page = try backupsPage(server)
            page.frame.notice = Frame.Notice(problem)
            page.suggestion = isDeletion || isCheck ? page.suggestion : name
            return .page(page, status: problem.code.httpStatus)
        }
    }
}
