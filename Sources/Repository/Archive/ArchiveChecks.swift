import Notation
public import Planning
public import Platform
import PostgresFormat

/// The note of the last check of a repository's WAL archive: one small file, beside the notes of backups'
/// checks and not among them, where a backup may have any name.
public struct ArchiveChecks: Sendable {
    /// The version of the note.
    private static let format: Int64 = 1

    private let path: String

    public init(layout: RepositoryLayout) {
        path = layout.archiveCheck
    }

    /// Nil where the archive was never checked, or the note cannot be read.
    public func last() -> ArchiveVerdict? {
        // Only a note: whoever wants to know has the archive checked again.
        guard let bytes = (try? DurableFiles.readIfPresent(path, limit: 1 << 20)) ?? nil,
            let fields = try? DescribedDocument(path: path).unseal(bytes, format: Self.format),
            let text = fields["time"]?.string, case .success(let time) = TimestampParser.parse(text),
            let findings = fields["findings"]?.array?.compactMap(\.string)
        else { return nil }
        var verdict = ArchiveVerdict(
            time: time.instant, isSound: fields["isSound"] == true,
            segments: Int(fields["segments"]?.integer ?? 0),
            records: UInt64(clamping: fields["records"]?.integer ?? 0), findings: findings,
            findingCount: Int(fields["findingCount"]?.integer ?? 0))
        verdict.last = fields["last"]?.string
        verdict.neededFrom = fields["neededFrom"]?.string
        verdict.neededBy = fields["neededBy"]?.string
        return verdict
    }

    /// Notes what a check found, in the place of the one before.
    public func note(_ verdict: ArchiveVerdict) throws(Problem) {
        var fields: JSONObject = [
            "format": .integer(Self.format), "time": .string(verdict.time.description),
            "isSound": .bool(verdict.isSound), "segments": .integer(Int64(verdict.segments)),
            "records": .integer(Int64(clamping: verdict.records)),
            "findings": .array(verdict.findings.map(JSONValue.string)),
            "findingCount": .integer(Int64(verdict.findingCount)),
        ]
        if let last = verdict.last { fields["last"] = .string(last) }
        if let segment = verdict.neededFrom { fields["neededFrom"] = .string(segment) }
        if let backup = verdict.neededBy { fields["neededBy"] = .string(backup) }
        try DurableFiles.write(DescribedDocument.seal(fields), to: path)
    }
}
