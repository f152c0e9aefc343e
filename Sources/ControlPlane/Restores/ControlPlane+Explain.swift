import Catalog
import Holdings
import Instance
import Planning
import Platform
import PostgresFormat
import Repository
import Restore
public import ServiceModel

extension ControlPlane {
    /// Tells what a restore would do and why, from the plan and the files that the restore itself would
    /// write. Nothing is made.
    public func explainRestore(_ request: RestoreRequest) throws -> RestoreExplanation {
        let source = try source(of: request)
        let prepared = try prepare(request, source: source, checkName: request.name != nil, inDetail: true)
        defer { prepared.release() }
        // No server has this id: it stands for the one that the copy would get.
        let job = try restoreJob(prepared, serverID: "new", operationID: "new")
        let name = job.plan.backupName
        guard let backup = try BackupRepository(layout: job.layout).find(name) else {
            throw Problem(.backupDamaged, "backup '\(name)' has gone")
        }
        let label = try BackupFiles.content(of: "backup_label", in: backup, job.layout)
        var histories: [RestoreExplanation.File] = []
        for timeline in try job.wal.archive.histories() where timeline <= job.plan.timeline {
            histories.append(
                RestoreExplanation.File(
                    path: job.dataDirectory + "/pg_wal/\(timeline.fileName).history",
                    content: try job.wal.archive.history(timeline) ?? "",
                    purpose: "How timeline \(timeline) came about."))
        }
        let story = RestoreStory(
            planned: prepared.planned, backup: backup, label: String(decoding: label, as: UTF8.self),
            dataDirectory: job.dataDirectory, histories: histories,
            recoveryFiles: RestoreExecutor(job).recoveryFiles)
        return RestoreExplanation(planned: prepared.planned, steps: story.steps)
    }
}
