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

    /// Throws `.backupDamaged` for what is no base backup, and what `body` throws.
    func read(_ body: (Piece) throws -> Void) throws {
        switch base.form {
        case .folder:
            try earlier(body)
            try folder(base.path, "", body)
            for (number, directory) in base.tablespaces.sorted(by: { $0.key < $1.key }) {
                try body(.directory("pg_tblspc/\(number)"))
                try folder(directory, "pg_tblspc/\(number)/", body)
            }
        case .archives(let archive, let tablespaces, let wal):
            // The WAL first: what comes with the base may be asked of it.
            if let wal { try self.archive(wal, "pg_wal/", body) }
            for (number, path) in tablespaces.sorted(by: { $0.key < $1.key }) {
                try body(.directory("pg_tblspc/\(number)"))
                try self.archive(path, "pg_tblspc/\(number)/", body)
            }
            try self.archive(archive, "", body)
        case .backrest(let backup):
            try BackrestReader(backup: backup, cancellation: cancellation, progress: progress).read(body)
        }
    }

    // MARK: A folder

    private func folder(_ root: String, _ prefix: String, _ body: (Piece) throws -> Void) throws {
        var failure: (any Error)?
        try FoundFolder.walk(root) { (entry) throws(Problem) in
            guard failure == nil else { return false }
            do {
                return try visit(entry, root, prefix + entry.path, body)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    /// Whether what is below is to be visited.
    private func visit(
        _ entry: FoundFolder.Entry, _ root: String, _ path: String, _ body: (Piece) throws -> Void
    ) throws -> Bool {
        try cancellation.check()
        switch entry.status.kind {
        case .directory:
            try body(.directory(path))
            // WAL is looked for by itself.
            return path != "pg_wal"
        case .file:
            let file = try FoundFolder.open(root + "/" + entry.path, entry.status)
            guard !base.earlier.isEmpty else {
                try body(.file(path, modified: entry.status.modified))
                try content(file, body)
                return false
            }
            try perhapsPart(file, path, entry.status.modified, body)
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

    /// Reads the backups before this one.
    private func earlier(_ body: (Piece) throws -> Void) throws {
        for earlier in base.earlier {
            let reception = FoundBaseReception(target: nil, staging: nil)
            if let manifest = earlier.manifest { try reception.takeManifest(at: manifest) }
            try FoundBaseReader(base: earlier, cancellation: cancellation, progress: progress)
                .read { try reception.take($0) }
            try body(.earlier(earlier.path, reception))
        }
    }

    /// A file of an incremental backup, which may be a part of one.
    private func perhapsPart(
        _ file: OpenFile, _ path: String, _ modified: Int64, _ body: (Piece) throws -> Void
    ) throws {
        let whole = path == "backup_label" ? path : IncrementalFile.wholePath(path)
        guard let whole else {
            try body(.file(path, modified: modified))
            return try content(file, body)
        }
        try body(.part(path))
        try content(file, body)
        try body(.whole(whole, modified: modified))
        if path == "backup_label" {
            try label(file, body)
        } else if let damage = try combine(file, whole, body) {
            try body(.end)
            return try body(.damaged("'\(whole)' \(damage)"))
        }
        try body(.end)
    }

    private func label(_ file: OpenFile, _ body: (Piece) throws -> Void) throws {
        let text = String(decoding: try DurableFiles.read(file.path, limit: 1 << 20), as: UTF8.self)
        try Array(IncrementalChain.whole(text).utf8).withUnsafeBytes { try body(.content($0)) }
    }

    /// What is wrong, in words; nil where nothing is.
    private func combine(
        _ file: OpenFile, _ path: String, _ body: (Piece) throws -> Void
    ) throws -> String? {
        let combined: CombinedFile
        do throws(Problem) {
            combined = try CombinedFile(
                try IncrementalFile(file), path, in: base.earlier.map(\.path))
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
            guard !base.isIncremental else {
                throw IncrementalChain.linkedTablespace(number, in: base.path)
            }
            throw Problem(
                .operationNotSupported, "tablespace \(number) of the base backup is a link",
                detail: "'\(base.path)/\(path)' leads out of the backup, and is not followed: a server may "
                    + "live there",
                hint: "Name the directory that has the backup's files of it: --tablespace \(number)=DIR.")
        }
        throw Problem(
            .backupDamaged, "'\(path)' of the base backup is neither a file nor a directory",
            detail: "'\(base.path)/\(path)' is not followed")
    }

    // MARK: Archives

    private func archive(_ path: String, _ prefix: String, _ body: (Piece) throws -> Void) throws {
        let file = try OpenFile(reading: path)
        guard try file.status().kind == .file else {
            throw Problem(.backupDamaged, "'\(path)' is no file")
        }
        var tar = TarStream()
        do {
            try UnpackedFile(file, cancellation: cancellation).forEachChunk { bytes in
                try tar.feed(bytes) { piece in
                    switch piece {
                    case .member(let member): try begin(member, prefix + member.path, body)
                    case .content(let bytes): try body(.content(bytes))
                    case .memberEnd: try body(.end)
                    }
                }
                progress.advance(bytes: UInt64(bytes.count))
                return true
            }
            try tar.finish()
            guard tar.isEnded else {
                throw Problem(
                    .backupDamaged, "'\(path)' is cut off",
                    detail: "the empty blocks are missing that end an archive")
            }
        } catch let refusal as TarRefusal {
            throw Problem(
                .backupDamaged, "'\(path)' is not an archive as pg_basebackup writes it",
                detail: refusal.words,
                hint: "If you trust where it comes from, unpack it with tar, and open the folder.")
        }
    }

    private func begin(_ member: TarMember, _ path: String, _ body: (Piece) throws -> Void) throws {
        switch member.kind {
        case .file: try body(.file(path, modified: member.modified))
        case .directory: try body(.directory(path))
        case .tablespaceLink:
            try requireArchive(of: path)
            try body(.directory(path))
        }
    }

    /// A link is a tablespace, whose own archive has its files.
    private func requireArchive(of path: String) throws(Problem) {
        let name = String(path.dropFirst("pg_tblspc/".count))
        if case .archives(_, let tablespaces, _) = base.form, let number = UInt32(name),
            tablespaces[number] != nil
        {
            return
        }
        throw Problem(
            .backupDamaged, "the base backup is without the archive of tablespace \(name)",
            detail: "its base.tar has '\(path)'",
            hint: "Put \(name).tar, packed or not, beside base.tar.")
    }
}
