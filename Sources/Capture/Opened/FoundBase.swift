public import Platform
import PostgresFormat

/// A base backup that somebody else made: where its parts lie. Nothing of it is ever written.
public struct FoundBase: Hashable, Sendable {
    public enum Form: Hashable, Sendable {
        /// A data directory, as `pg_basebackup --format=plain` writes it.
        case folder
        /// `base.tar`, one archive for each tablespace, and one for `pg_wal`; packed or not.
        case archives(base: String, tablespaces: [UInt32: String], wal: String?)
        /// In a repository of pgBackRest.
        case backrest(BackrestBackup)
    }

    /// What was named, absolute.
    public var path: String
    public var form: Form
    /// Where the files of tablespaces lie that are not below the data directory.
    public var tablespaces: [UInt32: String]
    /// Its `backup_manifest`, where it lies beside the data.
    public var manifest: String?
    /// Of an incremental one those before it, the full one first.
    var earlier: [FoundBase] = []
    /// Whether another one goes on from it.
    var isEarlier = false
    /// Folders with WAL that belong to it.
    public var folders: [String] = []
    public var isOfBarman = false
    /// Where it ends and when, as its maker wrote down; the server's clock.
    var knownStop: LSN?
    var knownBegin: PostgresTimestamp?
    var knownEnd: PostgresTimestamp?
    /// The server's identifier, as its maker wrote it down.
    var knownSystem: UInt64?
    /// What else is to be known of it, in words.
    var knownRemarks: [String] = []
    /// What lies before this segment is not looked at.
    var firstSegment: String?

    /// Recognises what lies there, a folder of a tool with several backups among it.
    ///
    /// Throws as `init(at:tablespaces:)`, and for incremental backups that do not go on from each other.
    ///
    /// - Parameters:
    ///   - earlier: the backups that an incremental one needs, in any order.
    ///   - backup: which one of several; nil is the newest whole one.
    ///   - tablespaces: where the files of tablespaces lie that are links; of several backups one for each in
    ///     which it is a link, in the order of `earlier` and `path`.
    public static func find(
        at path: String, with earlier: [String] = [], backup: String? = nil,
        tablespaces: [UInt32: [String]] = [:]
    ) throws(Problem) -> FoundBase {
        if let server = try BarmanServer(at: path) {
            return try find(server, with: earlier, backup, tablespaces)
        }
        guard backup == nil else {
            throw Problem(
                .invalidParameterValue, "'\(path)' has no backups to choose from",
                hint: "Leave --backup out: it chooses one of a Barman server's directory.")
        }
        var bases: [FoundBase] = []
        for path in earlier + [path] { bases.append(try FoundBase(at: path)) }
        for (number, named) in tablespaces.sorted(by: { $0.key < $1.key }) {
            try give(tablespace: number, named, to: &bases)
        }
        return try IncrementalChain.join(bases)
    }

    private static func find(
        _ server: BarmanServer, with earlier: [String], _ backup: String?, _ named: [UInt32: [String]]
    ) throws(Problem) -> FoundBase {
        var base = try server.base(backup)
        guard !base.earlier.isEmpty else {
            guard earlier.isEmpty else {
                throw Problem(
                    .invalidParameterValue, "'\(server.path)' has backups, none of which needs another one",
                    hint: "Give one --base only.")
            }
            for (number, directories) in named { base.tablespaces[number] = directories.last }
            return base
        }
        guard earlier.isEmpty else {
            throw Problem(
                .invalidParameterValue, "'\(server.path)' has the backups that it goes on from itself",
                hint: "Give one --base only.")
        }
        guard named.isEmpty else {
            throw Problem(
                .invalidParameterValue,
                "'\(server.path)' has the tablespaces of its incremental backups itself",
                hint: "Leave --tablespace out.")
        }
        return base
    }

    /// Refuses directories that would not be looked at, or that may be another backup's.
    private static func give(
        tablespace number: UInt32, _ named: [String], to bases: inout [FoundBase]
    ) throws(Problem) {
        guard bases.contains(where: { $0.form == .folder }) else {
            throw Problem(
                .invalidParameterValue, "the base backup is in archives, and so are its tablespaces",
                detail: "'\(bases.last?.path ?? "")'",
                hint: "Leave --tablespace out: put the archive of each tablespace beside base.tar.")
        }
        let takers = bases.indices.filter { place in
            bases[place].form == .folder
                && (bases.count == 1
                    || DurableFiles.status("\(bases[place].path)/pg_tblspc/\(number)")?.kind == .symbolicLink)
        }
        guard takers.count == named.count else {
            let places = takers.map { "'\(bases[$0].path)'" }.joined(separator: ", ")
            throw Problem(
                .invalidParameterValue,
                "--tablespace \(number) names \(named.count) of \(takers.count) directories",
                detail: takers.isEmpty
                    ? "it is a link in none of the base backups" : "it is a link in \(places)",
                hint: "Give it once for each of them, in the order of the --base.")
        }
        for (place, directory) in zip(takers, named) { bases[place].tablespaces[number] = directory }
    }

    /// Recognises what lies there.
    ///
    /// Throws `.invalidParameterValue` for what is no base backup.
    ///
    /// - Parameters:
    ///   - path: a data directory, a folder of tar archives, or one tar archive.
    ///   - tablespaces: directories of tablespaces, which somebody named: links are never followed.
    public init(at path: String, tablespaces: [UInt32: String] = [:]) throws(Problem) {
        self.path = path
        self.tablespaces = tablespaces
        guard let status = DurableFiles.status(path) else {
            throw Problem(.invalidParameterValue, "there is nothing at '\(path)'")
        }
        switch status.kind {
        case .file:
            let folder = DurableFiles.parent(of: path)
            form = try Self.archives(base: path, folder)
            manifest = Self.manifest(in: folder)
        case .directory:
            if DurableFiles.status(path + "/PG_VERSION")?.kind == .file {
                form = .folder
                manifest = Self.manifest(in: path)
                return
            }
            guard let base = try Self.list(path).first(where: { Self.archive($0) == "base" }) else {
                throw Self.unknown(path)
            }
            form = try Self.archives(base: path + "/" + base, path)
            manifest = Self.manifest(in: path)
        case .symbolicLink, .other: throw Self.unknown(path)
        }
    }

    init(_ backup: BackrestBackup, at path: String) {
        self.path = path
        form = .backrest(backup)
        tablespaces = [:]
    }

    /// How many backups it is put together from.
    public var parts: Int { earlier.count + 1 }

    /// Whether it is one of several that are put together.
    var isIncremental: Bool { !earlier.isEmpty || isEarlier }

    public var isOfBackrest: Bool {
        if case .backrest = form { true } else { false }
    }

    /// What is to be known of it, in words, as its maker wrote it down.
    var remarks: [String] {
        if case .backrest(let backup) = form { knownRemarks + backup.remarks } else { knownRemarks }
    }

    /// Bytes that will be read, where that is known before.
    func contentBytes() throws(Problem) -> UInt64? {
        switch form {
        case .folder: try storedBytes()
        case .archives: nil
        case .backrest(let backup): backup.unpackedBytes
        }
    }

    /// The folders whose WAL came with it.
    var ownWAL: [String] {
        guard form == .folder, DurableFiles.status(path + "/pg_wal")?.kind == .directory else {
            return folders
        }
        return [path + "/pg_wal"] + folders
    }

    /// Bytes of the files as they lie there; what they unpack to is not known before.
    public func storedBytes() throws(Problem) -> UInt64 {
        switch form {
        case .folder:
            var sum = try FoundFolder.bytes(below: path)
            for directory in tablespaces.values {
                sum = DiskRoom.sum(sum, try FoundFolder.bytes(below: directory))
            }
            for base in earlier { sum = DiskRoom.sum(sum, try base.storedBytes()) }
            return sum
        case .archives(let base, let others, let wal):
            var sum = ([base, wal].compactMap { $0 } + others.values)
                .reduce(0) { DiskRoom.sum($0, DurableFiles.status($1)?.size ?? 0) }
            for base in earlier { sum = DiskRoom.sum(sum, try base.storedBytes()) }
            return sum
        case .backrest(let backup): return backup.storedBytes
        }
    }

    // MARK: What lies there

    private static func archives(base: String, _ folder: String) throws(Problem) -> Form {
        var tablespaces: [UInt32: String] = [:]
        var wal: String?
        for name in try list(folder) {
            let path = folder + "/" + name
            guard path != base, DurableFiles.status(path)?.kind == .file, let archive = archive(name) else {
                continue
            }
            if archive == "pg_wal" {
                wal = path
            } else if let number = UInt32(archive), number >= 16_384 {
                guard tablespaces.updateValue(path, forKey: number) == nil else {
                    throw Problem(
                        .invalidParameterValue, "there are two archives of tablespace \(number)",
                        detail: "in '\(folder)'")
                }
            }
        }
        return .archives(base: base, tablespaces: tablespaces, wal: wal)
    }

    /// `base` of `base.tar.gz`; nil for what is no archive.
    private static func archive(_ name: String) -> String? {
        let bare =
            Packing.allCases.first { name.hasSuffix($0.suffix) }.map { name.dropLast($0.suffix.count) }
            ?? name[...]
        if bare.hasSuffix(".tar") { return String(bare.dropLast(4)) }
        return name.hasSuffix(".tgz") ? String(name.dropLast(4)) : nil
    }

    private static func manifest(in folder: String) -> String? {
        let path = folder + "/backup_manifest"
        return DurableFiles.status(path)?.kind == .file ? path : nil
    }

    private static func list(_ folder: String) throws(Problem) -> [String] {
        try DurableFiles.list(folder).sorted()
    }

    private static func unknown(_ path: String) -> Problem {
        Problem(
            .invalidParameterValue, "'\(path)' is no base backup that can be read",
            detail: "it has neither PG_VERSION nor base.tar",
            hint: "Name what pg_basebackup wrote, plain or tar; a repository of pgBackRest is named with "
                + "--pgbackrest. Anything else can be unpacked first, and the folder that has PG_VERSION in it "
                + "be named.")
    }
}

/// A folder of somebody else's, walked without following a link.
enum FoundFolder {
    struct Entry {
        /// Relative to the folder.
        var path: String
        var status: FileStatus
    }

    /// Everything below a folder, parents first; what a link leads to is not in it.
    static func walk(_ root: String, below: String = "", _ body: (Entry) throws(Problem) -> Bool)
        throws(Problem)
    {
        for name in try DurableFiles.list(below.isEmpty ? root : root + "/" + below).sorted() {
            let path = below.isEmpty ? name : below + "/" + name
            // One that is gone by now is missed by whoever compares with the manifest.
            guard let status = DurableFiles.status(root + "/" + path) else { continue }
            if try body(Entry(path: path, status: status)), status.kind == .directory {
                try walk(root, below: path, body)
            }
        }
    }

    static func bytes(below root: String) throws(Problem) -> UInt64 {
        var sum: UInt64 = 0
        try walk(root) { (entry) throws(Problem) in
            if entry.status.kind == .file { sum = DiskRoom.sum(sum, entry.status.size) }
            return true
        }
        return sum
    }

    /// Opens what was looked at, and nothing that came into its place since.
    static func open(_ path: String, _ status: FileStatus) throws(Problem) -> OpenFile {
        let file = try OpenFile(reading: path)
        let now = try file.status()
        guard now.kind == .file, now.number == status.number, now.device == status.device else {
            throw Problem(.backupDamaged, "'\(path)' changes while it is read")
        }
        return file
    }
}

/// Files below a folder, none of which is reached by a link.
struct FoundPlaces {
    let root: String
    private var known: [Substring: Bool] = [:]

    init(root: String) {
        self.root = root
    }

    /// Nil for what is not there, is no file, or is in a folder that is a link.
    mutating func status(_ place: String) -> FileStatus? {
        if let slash = place.lastIndex(of: "/"), !isFolder(place[..<slash]) { return nil }
        guard let status = DurableFiles.status(root + "/" + place), status.kind == .file else { return nil }
        return status
    }

    private mutating func isFolder(_ place: Substring) -> Bool {
        if let answer = known[place] { return answer }
        let parent = place.lastIndex(of: "/").map { isFolder(place[..<$0]) } ?? true
        let answer = parent && DurableFiles.status(root + "/" + place)?.kind == .directory
        known[place] = answer
        return answer
    }
}
