import Notation
import Platform
import PostgresFormat

/// A backup in a repository of pgBackRest: its files, and where in the repository each of them lies, in
/// backups before it among other places.
public struct BackrestBackup: Hashable, Sendable {
    struct File: Hashable, Sendable {
        /// In the data directory.
        var path: String
        /// In the manifest, and in the folder of a backup.
        var key: String
        var size: UInt64
        var sha1: [UInt8]
        /// Seconds since 1970.
        var modified: Int64
        /// In the folder of the stanza's backups.
        var place: String
        /// Where it begins in a file that has several; nil where it has one of its own.
        var offset: UInt64?
        /// As it lies there.
        var storedBytes: UInt64
        /// Where it is kept as blocks.
        var blocks: Blocks?
        /// Whether it is packed in zlib's format instead of gzip's.
        var isRaw = false
        /// Whether what follows it in a bundle is not packed as it is.
        var isApart = false
    }

    /// How a file is kept of which only blocks that changed are stored.
    struct Blocks: Hashable, Sendable {
        var blockBytes: UInt64
        var checksumBytes: Int
        /// Of the map, which ends what is stored of the file.
        var mapBytes: UInt64

        /// How many blocks a file has.
        func count(of size: UInt64) -> UInt64 { (size + blockBytes - 1) / blockBytes }
    }

    /// More than any file of a server or of a repository has.
    private static let mostFileBytes: UInt64 = 1 << 50

    /// The stanza's backups, absolute.
    let folder: String
    /// In the order in which they lie there.
    let files: [File]
    let directories: [String]
    /// Nil where its files are not packed.
    let packing: Packing?
    let remarks: [String]
    /// The backups that blocks are of, by the numbers that maps have of them.
    let references: [String]

    /// Throws `.operationNotSupported` for a form that cannot be read, `.backupDamaged`.
    init(_ manifest: BackrestInfo, label: String, in folder: String) throws(Problem) {
        func option(_ name: String) -> JSONValue? { manifest["backup:option", "option-" + name] }
        guard option("online")?.bool != false else {
            throw Problem(
                .operationNotSupported, "backup \(label) was taken without the server (--no-online)",
                detail: "it has no backup_label, and nothing says where its WAL begins",
                hint: "Choose another with --set.")
        }
        self.folder = folder
        packing = try Self.packing(option("compress-type")?.string, option("compress")?.bool)
        let isRaw = manifest["backup", "backup-bundle-raw"]?.bool == true
        var files: [File] = []
        var wrong: [String] = []
        for entry in manifest["target:file"] {
            var file = try Self.file(entry, label, packing)
            file.isRaw = isRaw && packing == .gzip && file.offset != nil && file.blocks == nil
            if file.isRaw, file.size > BlockMap.mostSuperBlockBytes {
                throw Self.stored("in zlib's format, and longer than 64 MiB", file)
            }
            if let blocks = file.blocks, blocks.count(of: file.size) > BlockMap.mostBlocks {
                throw Self.stored("as more than \(BlockMap.mostBlocks) blocks", file)
            }
            if entry.value["checksum-page"]?.bool == false { wrong.append(file.path) }
            files.append(file)
        }
        let references = manifest["backup", "backup-reference"]?.string?.split(separator: ",").map(
            String.init)
        self.references = references ?? []
        guard self.references.allSatisfy(Self.isLabel) else { throw Self.damaged("backup-reference") }
        let hasBlocks = files.contains { $0.blocks != nil }
        for place in files.indices where files[place].offset != nil && files[place].blocks == nil {
            files[place].isApart =
                files[place].isRaw || (hasBlocks && files[place].size <= BlockMap.mostSuperBlockBytes)
        }
        self.files = files.sorted { ($0.place, $0.offset ?? 0) < ($1.place, $1.offset ?? 0) }
        var directories: [String] = []
        for entry in manifest["target:path"] where entry.key != "pg_data" {
            directories.append(try Self.path(entry.key))
        }
        self.directories = directories.sorted()
        let words = wrong.sorted().prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        let more = wrong.count > 3 ? " and \(wrong.count - 3) more files" : ""
        remarks =
            wrong.isEmpty
            ? [] : ["pgBackRest found pages without their checksum when it took the backup: \(words)\(more)"]
    }

    var storedBytes: UInt64 { files.reduce(0) { DiskRoom.sum($0, $1.storedBytes) } }
    var unpackedBytes: UInt64 { files.reduce(0) { DiskRoom.sum($0, $1.size) } }

    /// `20261130-071500F`, `20261130-071500F_20261130-081500I`.
    static func isLabel(_ text: String) -> Bool {
        text.wholeMatch(of: #/[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?/#) != nil
    }

    private static func packing(_ type: String?, _ isPacked: Bool?) throws(Problem) -> Packing? {
        switch type ?? (isPacked == true ? "gz" : "none") {
        case "none": return nil
        case "gz": return .gzip
        case "zst": return .zstd
        case "lz4": return .lz4
        case "bz2": return .bzip2
        case let other:
            throw Problem(.operationNotSupported, "the backup is packed with '\(other)', which is not known")
        }
    }

    private static func file(
        _ entry: BackrestInfo.Entry, _ label: String, _ packing: Packing?
    ) throws(Problem) -> File {
        let path = try path(entry.key)
        let value = entry.value
        guard let size = try bytes("size", of: entry), let modified = value["timestamp"]?.integer else {
            throw damaged(entry.key)
        }
        let digest = value["checksum"]?.string.flatMap { Hexadecimal.bytes($0) } ?? []
        guard digest.count == 20 || size == 0 else { throw damaged(entry.key) }
        let source = value["reference"]?.string ?? label
        guard isLabel(source) else { throw damaged(entry.key) }
        var file = File(
            path: path, key: entry.key, size: size, sha1: digest, modified: modified,
            place: "\(source)/\(entry.key)\(suffix(packing))",
            storedBytes: try bytes("repo-size", of: entry) ?? size)
        file.blocks = try blocks(entry, of: size)
        // No other packing is told by its name.
        if file.blocks != nil { file.place = "\(source)/\(entry.key).pgbi" }
        if let bundle = value["bni"]?.number {
            file.place = "\(source)/bundle/\(bundle)"
            file.offset = try bytes("bno", of: entry) ?? 0
        }
        return file
    }

    /// Nil for a file that is not kept as blocks.
    private static func blocks(_ entry: BackrestInfo.Entry, of size: UInt64) throws(Problem) -> Blocks? {
        guard let map = try bytes("bim", of: entry) else { return nil }
        let pages = try bytes("bi", of: entry) ?? 0
        let checksum = try bytes("bic", of: entry) ?? 6
        guard (1...4096).contains(pages), (1...16).contains(checksum), (1...1 << 28).contains(map) else {
            throw damaged(entry.key)
        }
        let blocks = Blocks(blockBytes: pages * 8192, checksumBytes: Int(checksum), mapBytes: map)
        // Beside its checksum a block has a few numbers at most.
        guard map <= blocks.count(of: size) * (checksum + 32) + 64 else { throw damaged(entry.key) }
        return blocks
    }

    /// Nil where the line does not say it.
    private static func bytes(_ name: String, of entry: BackrestInfo.Entry) throws(Problem) -> UInt64? {
        guard let value = entry.value[name] else { return nil }
        guard let bytes = value.number, bytes <= mostFileBytes else { throw damaged(entry.key) }
        return bytes
    }

    private static func suffix(_ packing: Packing?) -> String {
        packing?.suffix ?? ""
    }

    /// `base/1/1259` of `pg_data/base/1/1259`; tablespaces lie beside `pg_data`.
    private static func path(_ key: String) throws(Problem) -> String {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        let isSafe =
            !key.utf8.contains(0) && key.utf8.count < 4096
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        guard isSafe, let first = parts.first else { throw damaged(key) }
        if first == "pg_tblspc" { return key }
        guard first == "pg_data", parts.count > 1 else { throw damaged(key) }
        return String(key.dropFirst("pg_data/".count))
    }

    private static func damaged(_ key: String) -> Problem {
        Problem(
            .backupDamaged, "the manifest of the backup cannot be trusted",
            detail: "'\(key)' in it is not as it should be, or leaves the data directory")
    }

    private static func stored(_ how: String, _ file: File) -> Problem {
        Problem(
            .operationNotSupported, "the backup has files that are stored \(how)",
            detail: "'\(file.path)' is one of them",
            hint: "'pgbackrest restore --type=none' puts them together in an empty folder: open that with "
                + "--base FOLDER --wal REPOSITORY/archive/STANZA/15-1, of the folders there the one of its "
                + "server; or take a full backup with repo1-bundle=n.")
    }
}
