public import Platform
import PostgresFormat

/// A server's directory as Barman keeps it: `base/<id>/data` with `backup.info` beside it, since 3.13.2 as
/// `meta/<id>-backup.info`, `wals` and `streaming`.
public struct BarmanServer: Sendable {
    public struct Backup: Hashable, Sendable {
        /// `20261130T071500`.
        public var id: String
        /// In Barman's word: `DONE`, `WAITING_FOR_WALS`, `FAILED`, …
        public var status: String
        var fields: [Substring: Substring]

        /// Barman's archive may have got the backup's WAL since it looked.
        public var isWhole: Bool { ["DONE", "WAITING_FOR_WALS"].contains(status) }
    }

    public let path: String
    /// By id, the oldest first.
    public let backups: [Backup]

    /// Nil for a directory that is none.
    ///
    /// Throws what the system refuses.
    public init?(at path: String) throws(Problem) {
        func isFolder(_ name: String) -> Bool { DurableFiles.status(path + "/" + name)?.kind == .directory }
        guard isFolder("base"), isFolder("wals") else { return nil }
        var found: [Backup] = []
        for id in try DurableFiles.list(path + "/base").sorted() where isFolder("base/" + id) {
            // Where both are, the newer place is what Barman itself believes.
            let places = ["\(path)/meta/\(id)-backup.info", "\(path)/base/\(id)/backup.info"]
            guard let place = places.first(where: { DurableFiles.status($0)?.kind == .file }),
                let bytes = try DurableFiles.readIfPresent(place, limit: 1 << 20)
            else { continue }
            found.append(Self.read(id, String(decoding: bytes, as: UTF8.self)))
        }
        // Of a data directory `base` has the databases.
        guard !found.isEmpty || !isFolder("global") else { return nil }
        self.path = path
        backups = found
    }

    private static func read(_ id: String, _ text: String) -> Backup {
        var fields: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        return Backup(id: id, status: fields["status"].map(String.init) ?? "", fields: fields)
    }

    /// One of its backups, the newest whole one unless another is named, with all of the server's WAL.
    func base(_ wanted: String?) throws(Problem) -> FoundBase {
        let known = backups.map { "\($0.id) (\($0.status))" }.joined(separator: ", ")
        let chosen = wanted.map { id in backups.last { $0.id == id } } ?? backups.last { $0.isWhole }
        guard let backup = chosen else {
            throw Problem(
                .invalidParameterValue,
                wanted.map { "there is no backup '\($0)' in '\(path)'" }
                    ?? "there is no whole backup in '\(path)'",
                detail: known.isEmpty ? "it has none" : "it has \(known)")
        }
        guard backup.isWhole else {
            throw Problem(
                .operationNotSupported, "Barman says that its backup \(backup.id) is \(backup.status)",
                detail: "it has \(known)", hint: "Choose one that is DONE with --backup.")
        }
        var base = try folder(backup)
        base.isOfBarman = true
        base.folders = ["wals", "streaming"].map { path + "/" + $0 }.filter {
            DurableFiles.status($0)?.kind == .directory
        }
        base.knownStop = backup.fields["end_xlog"].flatMap { LSN(String($0)) }
        base.knownBegin = Self.time(backup.fields["begin_time"])
        base.knownEnd = Self.time(backup.fields["end_time"])
        return try IncrementalChain.join([base] + parents(of: backup))
    }

    /// The data of a backup, with the tablespaces, which lie beside them.
    private func folder(_ backup: Backup) throws(Problem) -> FoundBase {
        let folder = "\(path)/base/\(backup.id)"
        var tablespaces: [UInt32: String] = [:]
        for name in try DurableFiles.list(folder) {
            guard let number = UInt32(name), number >= 16_384,
                DurableFiles.status(folder + "/" + name)?.kind == .directory
            else { continue }
            tablespaces[number] = folder + "/" + name
        }
        return try FoundBase(at: folder + "/data", tablespaces: tablespaces)
    }

    /// Those that an incremental backup goes on from, back to the full one.
    private func parents(of backup: Backup) throws(Problem) -> [FoundBase] {
        var found: [FoundBase] = []
        var known: Set = [backup.id]
        var current = backup
        while let parent = current.fields["parent_backup_id"], parent != "None" {
            guard let next = backups.first(where: { $0.id == parent }), known.insert(next.id).inserted else {
                throw Problem(
                    .backupDamaged, "backup \(current.id) goes on from backup \(parent), which is missing",
                    detail: "in '\(path)/base'")
            }
            guard next.isWhole else {
                throw Problem(
                    .backupDamaged, "backup \(current.id) goes on from backup \(parent), which is not whole",
                    detail: "Barman says that it is \(next.status)")
            }
            found.append(try folder(next))
            current = next
        }
        return found
    }

    /// `2026-11-30 07:15:00.319281+00:00`.
    private static func time(_ text: Substring?) -> PostgresTimestamp? {
        guard let text, case .success(let parsed) = TimestampParser.parse(String(text)), parsed.hadZone else {
            return nil
        }
        return parsed.instant
    }
}
