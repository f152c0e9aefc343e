#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Catalog
import Instance
import Notation
import Platform
public import PostgresFormat
public import ServiceModel

/// Putting evidence together.
extension ControlPlane {
    /// What the evidence of a restore consists of, besides the document that the caller renders.
    public func bundledFiles(of kept: KeptEvidence) throws -> [TarArchive.File] {
        let evidence = kept.evidence
        var story = "# The restore of \(kept.sourceName) as \(kept.copyName)\n"
        for step in MadeRestoreStory(kept).steps {
            story += "\n## \(step.title)\n\n" + step.text.map { $0.visible() + "\n" }.joined()
            if !step.messages.isEmpty {
                story += "\n" + step.messages.map { "    \($0.visible())\n" }.joined()
            }
        }
        var files = [TarArchive.File(name: "story.md", content: Array(story.utf8))]
        if let log = kept.recoveryLog {
            files.append(TarArchive.File(name: "recovery.log", content: Array(log.utf8)))
        }
        let own = try activityLog(
            resourceGroup: nil, resourceID: evidence.newServer, correlationID: nil, caller: nil, status: nil,
            from: evidence.startedAt, to: kept.copyDeletedAt?.advanced(bySeconds: 60), limit: 100_000)
        let restore = try activity(ofOperation: evidence.operationID)
        files.append(try Self.activityFile(own + restore))
        return files
    }

    /// The lines of the activity log of one operation.
    public func activity(ofOperation id: String) throws -> [ActivityEvent] {
        guard let operation = try operations.operation(id) else { return [] }
        return try activityLog(
            resourceGroup: nil, resourceID: nil, correlationID: operation.row.correlationID, caller: nil,
            status: nil, from: nil, to: nil, limit: 100_000)
    }

    /// The lines of the activity log of a drill itself.
    public func activity(of drill: DrillRecord) throws -> [ActivityEvent] {
        try activityLog(
            resourceGroup: nil, resourceID: drill.server, correlationID: nil, caller: nil, status: nil,
            from: drill.startedAt, to: drill.finishedAt?.advanced(bySeconds: 60), limit: 100_000
        ).filter { $0.properties["drill"] == drill.id }
    }

    /// Sorted by time, each line once.
    public static func activityFile(_ events: [ActivityEvent]) throws -> TarArchive.File {
        var seen: Set<String> = []
        let lines = events.filter { seen.insert($0.eventID).inserted }.sorted { left, right in
            (left.time, left.eventID) < (right.time, right.eventID)
        }
        let values = lines.map { event in
            var properties: JSONObject = [:]
            for (name, value) in event.properties.sorted(by: { $0.key < $1.key }) {
                properties[name] = .string(value)
            }
            return JSONValue.object([
                "caller": .string(event.caller), "correlationId": .string(event.correlationID),
                "errorCode": event.errorCode.map { .string($0) } ?? .null,
                "operationId": .string(event.operationID), "operationName": .string(event.operationName),
                "operationTitle": .string(event.operationTitle),
                "properties": .object(properties),
                "resourceId": .string(event.resourceID), "status": .string(event.status.rawValue),
                "statusMessage": event.statusMessage.map { .string($0) } ?? .null,
                "timeUtc": .string(event.time.description),
            ])
        }
        let text = JSONValue.array(values).printed(indented: true) + "\n"
        return TarArchive.File(name: "activity.json", content: Array(text.utf8))
    }

    /// Adds what every bundle has, signs it, and writes it.
    public func write(
        bundle files: [TarArchive.File], at time: PostgresTimestamp, into descriptor: Int32
    ) throws {
        var all = files
        all.append(
            TarArchive.File(name: EvidenceBundle.authority, content: Array(try authorityText().utf8)))
        all.append(TarArchive.File(name: "README.txt", content: Array(EvidenceBundle.readme.utf8)))
        var bundle = EvidenceBundle(all, modified: time.unixMicroseconds / 1_000_000)
        let folder = paths.operation("bundle-" + Identifiers.fresh())
        try DurableFiles.makeDirectories(folder, durable: false)
        defer { removeOperationFolder(String(folder.dropFirst(paths.operations.count + 1))) }
        try bundle.seal { (sums) throws(Problem) in try localAuthority.sign(sums, in: folder) }
        try DescriptorOutput(descriptor).write(bundle.encoded())
    }
}
