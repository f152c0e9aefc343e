import Platform
import Repository

/// Reads what is in a base backup that somebody else made, in the order in which it lies there.
struct FoundBaseReader {
    enum Piece {
        case directory(String)
        /// With the time of its last change, in seconds since 1970.
        case file(String, modified: Int64)
        /// As it lies there, to be compared with the manifest and not kept: its whole follows.
        case part(String)
        /// Put together from several backups, and in no manifest.
        case whole(String, modified: Int64)
        case content(UnsafeRawBufferPointer)
        /// The file that was begun last is whole.
        case end
        /// A backup that this one goes on from, and what was seen of it.
        case earlier(String, FoundBaseReception)
        /// Neither a file nor a directory, and nothing that PostgreSQL needs.
        case left(String)
        /// What is wrong with a file, in words.
        case damaged(String)
    }

    let base: FoundBase
    let cancellation: CancellationFlag
    let progress: any ProgressReporter
    /// Where archives are unpacked that have to be read in any order.
    let scratch: UnpackingRoom

    /// Throws `.backupDamaged` for what is no base backup, and what `body` throws.
    func read(_ body: (Piece) throws -> Void) throws {
        let trees = try earlier(body)
        switch base.form {
        case .folder: try folders(trees, body)
        case .archives: try archives(trees, nil, body)
        case .backrest(let backup):
            try BackrestReader(backup: backup, cancellation: cancellation, progress: progress).read(body)
        }
    }

    // MARK: A folder

    private func folders(_ trees: [FoundTree], _ body: (Piece) throws -> Void) throws {
        try folder(base.path, "", trees, body)
        for (number, directory) in base.tablespaces.sorted(by: { $0.key < $1.key }) {
            try body(.directory("pg_tblspc/\(number)"))
            try folder(directory, "pg_tblspc/\(number)/", trees, body)
        }
    }

    private func folder(
        _ root: String, _ prefix: String, _ trees: [FoundTree], _ body: (Piece) throws -> Void
    ) throws {
        var failure: (any Error)?
        try FoundFolder.walk(root) { (entry) throws(Problem) in
            guard failure == nil else { return false }
            do {
                return try visit(entry, root, prefix + entry.path, trees, body)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    /// Whether what is below is to be visited.
    private func visit(
        _ entry: FoundFolder.Entry, _ root: String, _ path: String, _ trees: [FoundTree],
        _ body: (Piece) throws -> Void
    ) throws -> Bool {
        try cancellation.check()
        switch entry.status.kind {
        case .directory:
            try body(.directory(path))
            // WAL is looked for by itself.
            return path != "pg_wal"
        case .file:
            let file = try FoundFolder.open(root + "/" + entry.path, entry.status)
            let modified = entry.status.modified
            let part = trees.isEmpty ? nil : Part(try FoundRange(file), path, modified)
            try body(part == nil ? .file(path, modified: modified) : .part(path))
            try content(file, body)
            if let part { try whole(part, trees, body) }
        case .symbolicLink, .other:
            try link(entry, path, body)
        }
        return false
    }

    private func content(_ file: OpenFile, _ body: (Piece) throws -> Void) throws {
        try file.forEachChunk { (bytes, _) throws(Problem) in
            try cancellation.check()
            do {
                try body(.content(bytes))
            } catch {
                throw error as? Problem ?? Problem(.system, "\(error)")
            }
            progress.advance(bytes: UInt64(bytes.count))
            return true
        }
        try body(.end)
    }

    // MARK: Incremental backups

    /// A file of an incremental backup that is a part of one, and what it becomes.
    struct Part {
        let range: FoundRange
        let whole: String
        let modified: Int64

        /// Nil for a file that is as it is in the data directory.
        init?(_ range: FoundRange, _ path: String, _ modified: Int64) {
            guard let whole = path == "backup_label" ? path : IncrementalFile.wholePath(path) else {
                return nil
            }
            self.range = range
            self.whole = whole
            self.modified = modified
        }
    }

    /// Reads the backups before this one, and answers where their files lie.
    private func earlier(_ body: (Piece) throws -> Void) throws -> [FoundTree] {
        try base.earlier.map { earlier in
            let reception = FoundBaseReception(target: nil, staging: nil)
            if let manifest = earlier.manifest { try reception.takeManifest(at: manifest) }
            let reader = FoundBaseReader(
                base: earlier, cancellation: cancellation, progress: progress, scratch: scratch)
            let tree: FoundTree
            if case .archives = earlier.form {
                tree = try reader.archiveTree { try reception.take($0) }
            } else {
                try reader.read { try reception.take($0) }
                tree = FoundTree(earlier.path, tablespaces: earlier.tablespaces)
            }
            try body(.earlier(earlier.path, reception))
            return tree
        }
    }

    /// Hands on what a part becomes, when it was handed on itself.
    func whole(_ part: Part, _ trees: [FoundTree], _ body: (Piece) throws -> Void) throws {
        try body(.whole(part.whole, modified: part.modified))
        if part.whole == "backup_label" {
            try label(part.range, body)
        } else if let damage = try combine(part, trees, body) {
            try body(.end)
            return try body(.damaged("'\(part.whole)' \(damage)"))
        }
        try body(.end)
    }

    private func label(_ range: FoundRange, _ body: (Piece) throws -> Void) throws {
        let room = RawBuffer(count: 1 << 20)
        let count = try range.read(into: room.bytes, at: 0)
        let text = String(decoding: room[prefix: count], as: UTF8.self)
        try Array(IncrementalChain.whole(text).utf8).withUnsafeBytes { try body(.content($0)) }
    }

    /// What is wrong, in words; nil where nothing is.
    private func combine(
        _ part: Part, _ trees: [FoundTree], _ body: (Piece) throws -> Void
    ) throws -> String? {
        let combined: CombinedFile
        do throws(Problem) {
            combined = try CombinedFile(try IncrementalFile(part.range), part.whole, in: trees)
        } catch {
            guard error.code == .backupDamaged else { throw error }
            return "cannot be put together: \(error.message)" + (error.detail.map { ", \($0)" } ?? "")
        }
        if let damage = combined.damage { return damage }
        try combined.forEachChunk { bytes in
            try cancellation.check()
            try body(.content(bytes))
        }
        return nil
    }

    // MARK: Links

    /// Where a link leads may be a directory of a server that lives: it is never followed.
    private func link(_ entry: FoundFolder.Entry, _ path: String, _ body: (Piece) throws -> Void) throws {
        let isWAL = path == "pg_wal"
        guard !isWAL, SourceFiles.belongs(path) else { return try body(.left(path)) }
        if path.hasPrefix("pg_tblspc/"), let number = UInt32(path.dropFirst("pg_tblspc/".count)) {
            guard base.tablespaces[number] == nil else { return }
            throw Problem(
                .operationNotSupported, "tablespace \(number) of the base backup is a link",
                detail: "'\(base.path)/\(path)' leads out of the backup, and is not followed: a server may "
                    + "live there",
                hint: "Name the directory that has the backup's files of it: --tablespace \(number)=DIR"
                    + (base.isIncremental
                        ? ", once for each --base in which it is a link, in their order." : "."))
        }
        throw Problem(
            .backupDamaged, "'\(path)' of the base backup is neither a file nor a directory",
            detail: "'\(base.path)/\(path)' is not followed")
    }
}
