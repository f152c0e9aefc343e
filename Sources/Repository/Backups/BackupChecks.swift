import Notation
public import Platform
import PostgresFormat

/// The notes of the last checks of a repository's backups, one small file for each.
///
/// They lie beside the backups, not in them: a check is of this repository's bytes, and a copy of the
/// repository has not been checked with it.
public struct BackupChecks: Sendable {
    /// The version of the notes.
    private static let format: Int64 = 1

    private let layout: RepositoryLayout

    public init(layout: RepositoryLayout) {
        self.layout = layout
    }

    /// What the last check of this very backup found; nil when there was none, or its note cannot be read.
    public func last(of backup: BackupDescriptor) -> BackupCheck? {
        // What cannot be read tells nothing: the backup counts as not checked.
        guard let note = try? note(at: layout.check(backup.name)),
            // Another backup may have had the name.
            note.manifest == WALArchive.hex(backup.manifestCRC32C),
            note.stopLSN == backup.stopLSN.description
        else { return nil }
        return note.check
    }

    /// A note, with what tells whose it is.
    struct Note: Sendable {
        var manifest: String?
        var stopLSN: String?
        var check: BackupCheck
    }

    /// Nil where there is none.
    private func note(at path: String) throws(Problem) -> Note? {
        try FileMemory.value(of: path, keptIn: layout.memory?.checks) { (file) throws(Problem) in
            let document = DescribedDocument(path: path)
            let fields = try document.unseal(
                try DurableFiles.contents(of: file, limit: 1 << 20), format: Self.format)
            guard let outcome = fields["outcome"]?.string.flatMap(BackupCheck.Outcome.init(rawValue:)),
                let text = fields["time"]?.string, case .success(let time) = TimestampParser.parse(text)
            else { throw document.damaged("a field is missing") }
            let check = BackupCheck(
                time: time.instant, outcome: outcome, finding: fields["finding"]?.string,
                files: Int(fields["files"]?.integer ?? 0),
                bytes: UInt64(clamping: fields["bytes"]?.integer ?? 0),
                segments: Int(fields["segments"]?.integer ?? 0))
            return Note(
                manifest: fields["manifestCrc32c"]?.string, stopLSN: fields["stopLsn"]?.string, check: check)
        }
    }

    /// Notes what a check found, in the place of the one before.
    public func note(_ check: BackupCheck, of backup: BackupDescriptor) throws(Problem) {
        try DurableFiles.makeDirectories(layout.checks)
        var fields: JSONObject = [
            "format": .integer(Self.format), "backup": .string(backup.name),
            "manifestCrc32c": .string(WALArchive.hex(backup.manifestCRC32C)),
            "stopLsn": .string(backup.stopLSN.description), "time": .string(check.time.description),
            "outcome": .string(check.outcome.rawValue), "files": .integer(Int64(check.files)),
            "bytes": .integer(Int64(clamping: check.bytes)), "segments": .integer(Int64(check.segments)),
        ]
        if let finding = check.finding { fields["finding"] = .string(finding) }
        try DurableFiles.write(DescribedDocument.seal(fields), to: layout.check(backup.name))
    }

    func forget(_ name: String) throws(Problem) {
        try DurableFiles.removeFile(layout.check(name))
    }
}
