import Notation
public import Platform
import PostgresFormat

/// A repository of pgBackRest, and one stanza in it: `backup/<stanza>` with its backups, `archive/<stanza>`
/// with WAL.
public struct BackrestRepository {
    public let path: String
    public let stanza: String
    private let info: BackrestInfo

    private var backups: String { "\(path)/backup/\(stanza)" }

    /// Throws `.invalidParameterValue` for what is none, or has not that stanza; and as `BackrestInfo.load`.
    ///
    /// - Parameters:
    ///   - path: what `repo1-path` of its configuration says.
    ///   - stanza: nil is the only one.
    public init(at path: String, stanza wanted: String?) throws(Problem) {
        guard Self.isFolder(path + "/backup") else {
            throw Problem(
                .invalidParameterValue, "'\(path)' is no repository of pgBackRest",
                detail: "it has no folder 'backup'",
                hint: "Name what repo1-path says in pgbackrest.conf.")
        }
        var stanzas: [String] = []
        for name in try DurableFiles.list(path + "/backup").sorted()
        where Self.isFolder("\(path)/backup/\(name)") {
            stanzas.append(name)
        }
        let known = stanzas.isEmpty ? "it has none" : "it has \(stanzas.joined(separator: ", "))"
        guard let stanza = wanted ?? (stanzas.count == 1 ? stanzas[0] : nil) else {
            throw Problem(
                .invalidParameterValue, "which stanza of '\(path)' is meant?", detail: known,
                hint: "Name it with --stanza.")
        }
        guard stanzas.contains(stanza) else {
            throw Problem(
                .invalidParameterValue, "there is no stanza '\(stanza)' in '\(path)'", detail: known,
                hint: "Name one of them with --stanza.")
        }
        self.path = path
        self.stanza = stanza
        info = try BackrestInfo.load("\(path)/backup/\(stanza)/backup.info")
    }

    private static func isFolder(_ path: String) -> Bool { DurableFiles.status(path)?.kind == .directory }

    /// One of its backups, the newest unless another is named, with the WAL of the server that it is of.
    public func base(_ wanted: String?) throws(Problem) -> FoundBase {
        let label = try label(wanted)
        let folder = backups + "/" + label
        let manifest = try BackrestInfo.load(folder + "/backup.manifest")
        guard manifest["backup", "backup-label"]?.string == label else {
            throw Problem(
                .backupDamaged, "the manifest of '\(folder)' is of another backup",
                detail: "it says \(manifest["backup", "backup-label"]?.string ?? "nothing")")
        }
        let server = try server(of: manifest, label)
        let backup = try BackrestBackup(manifest, label: label, in: backups)
        var base = FoundBase(backup, at: folder)
        base.knownSystem = server.system
        base.knownStop = manifest["backup", "backup-lsn-stop"]?.string.flatMap { LSN($0) }
        base.knownBegin = Self.time(manifest["backup", "backup-timestamp-start"])
        base.knownEnd = Self.time(manifest["backup", "backup-timestamp-stop"])
        base.firstSegment = manifest["backup", "backup-archive-start"]?.string
        let archives = server.archives.map { "\(path)/archive/\(stanza)/\($0)" }
        base.folders = archives.filter { Self.isFolder($0) }
        if base.folders.isEmpty {
            let words = archives.map { "'\($0)'" }.joined(separator: ", ")
            base.knownRemarks = ["the repository has no WAL of the backup's server: no folder \(words)"]
        }
        return base
    }

    private func label(_ wanted: String?) throws(Problem) -> String {
        let known = info["backup:current"].filter { BackrestBackup.isLabel($0.key) }
        let names = known.map(\.key).joined(separator: ", ")
        func stop(_ entry: BackrestInfo.Entry) -> Int64 { entry.value["backup-timestamp-stop"]?.integer ?? 0 }
        guard
            let chosen = wanted.map({ label in known.last { $0.key == label } })
                ?? known.max(by: { stop($0) < stop($1) })
        else {
            throw Problem(
                .invalidParameterValue,
                wanted.map { "there is no backup '\($0)' of stanza \(stanza) in '\(path)'" }
                    ?? "there is no backup of stanza \(stanza) in '\(path)'",
                detail: known.isEmpty ? "it has none" : "it has \(names)")
        }
        return chosen.key
    }

    /// The server that a backup is of, of several that the stanza had: after each upgrade it is another one.
    /// One that the stanza went back to has several archives.
    private func server(
        of manifest: BackrestInfo, _ label: String
    ) throws(Problem) -> (system: UInt64, archives: [String]) {
        func value(_ key: String) -> JSONValue? { manifest["backup:db", key] }
        guard let number = value("db-id")?.integer, let version = value("db-version")?.string,
            let system = value("db-system-id")?.number, !version.isEmpty,
            version.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") })
        else {
            throw Problem(
                .backupDamaged, "the manifest of backup \(label) does not say which server it is of")
        }
        guard let major = Int(version), WALVersion(rawValue: major) != nil else {
            throw Problem(
                .operationNotSupported, "backup \(label) is of PostgreSQL \(version), which cannot be read",
                hint: "It can be of \(WALVersion.supportedWords).")
        }
        let same = info["db:history"].filter { entry in
            entry.value["db-version"]?.string == version && entry.value["db-system-id"]?.number == system
        }
        // Whatever else a key says, a number leads nowhere else.
        let numbers = Set(same.compactMap { Int64($0.key) })
        guard numbers.contains(number) else {
            throw Problem(
                .backupDamaged, "backup \(label) is not of a server that stanza \(stanza) had",
                detail: "its manifest says PostgreSQL \(version), system \(system), number \(number); "
                    + "backup.info of the stanza says otherwise",
                hint: "Name the stanza that it is of with --stanza.")
        }
        return (system, numbers.sorted().map { "\(version)-\($0)" })
    }

    private static func time(_ value: JSONValue?) -> PostgresTimestamp? {
        guard let seconds = value?.integer, (0...100_000_000_000).contains(seconds) else { return nil }
        return PostgresTimestamp(unixSeconds: seconds)
    }
}

extension JSONValue {
    /// One that is not negative.
    var number: UInt64? { integer.flatMap { UInt64(exactly: $0) } }
}
