import Platform

/// Archives as `pg_basebackup --format=tar` writes them.
extension FoundBaseReader {
    /// Reads the archives of a base backup.
    ///
    /// - Parameter keep: told where each file of the data lies; nil keeps nothing.
    func archives(
        _ trees: [FoundTree], _ keep: ((String, FoundRange) -> Void)?, _ body: (Piece) throws -> Void
    ) throws {
        guard case .archives(let archive, let tablespaces, let wal) = base.form else { return }
        // The WAL first: what comes with the base may be asked of it. That of one before is of no use.
        if let wal, !base.isEarlier { try self.archive(wal, "pg_wal/", [], nil, body) }
        for (number, path) in tablespaces.sorted(by: { $0.key < $1.key }) {
            try body(.directory("pg_tblspc/\(number)"))
            try self.archive(path, "pg_tblspc/\(number)/", trees, keep, body)
        }
        try self.archive(archive, "", trees, keep, body)
    }

    /// The files of the archives of a backup that another one goes on from.
    func archiveTree(_ body: (Piece) throws -> Void) throws -> FoundTree {
        var members: [String: FoundRange] = [:]
        try archives([], { members[$0] = $1 }, body)
        return FoundTree(base.path, members: members)
    }

    private func archive(
        _ path: String, _ prefix: String, _ trees: [FoundTree], _ keep: ((String, FoundRange) -> Void)?,
        _ body: (Piece) throws -> Void
    ) throws {
        let file = try OpenFile(reading: path)
        guard try file.status().kind == .file else {
            throw Problem(.backupDamaged, "'\(path)' is no file")
        }
        let unpacked = try UnpackedFile(file, cancellation: cancellation)
        let members =
            keep == nil && trees.isEmpty
            ? nil : try ArchiveMembers(of: file, isPacked: unpacked.packing != nil, in: scratch)
        var part: Part?
        var tar = TarStream()
        do {
            try unpacked.forEachChunk { bytes in
                try members?.feed(bytes)
                try tar.feed(bytes) { piece in
                    switch piece {
                    case .member(let member):
                        let path = prefix + member.path
                        members?.add(member, path)
                        if member.kind == .file, let range = members?.last {
                            keep?(path, range)
                            part = trees.isEmpty ? nil : Part(range, path, member.modified)
                        }
                        try begin(member, path, isPart: part != nil, body)
                    case .content(let bytes): try body(.content(bytes))
                    case .memberEnd:
                        try body(.end)
                        if let ended = part { try whole(ended, trees, body) }
                        part = nil
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

    private func begin(
        _ member: TarMember, _ path: String, isPart: Bool, _ body: (Piece) throws -> Void
    ) throws {
        switch member.kind {
        case .file: try body(isPart ? .part(path) : .file(path, modified: member.modified))
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

    /// `backup_label`, which PostgreSQL puts at the beginning; nil where it is not there.
    static func label(inArchive path: String) throws(Problem) -> String? {
        var text: [UInt8]?
        var isWhole = false
        var left = 1 << 24
        var tar = TarStream()
        do {
            try UnpackedFile(try OpenFile(reading: path), cancellation: CancellationFlag()).forEachChunk {
                bytes in
                left -= bytes.count
                try tar.feed(bytes) { piece in
                    switch piece {
                    case .member(let member):
                        if !isWhole, member.kind == .file, member.path == "backup_label" { text = [] }
                    case .content(let bytes): if !isWhole { text?.append(contentsOf: bytes) }
                    case .memberEnd: isWhole = text != nil
                    }
                }
                return !isWhole && left > 0
            }
        } catch {
            // What is wrong with the archive is told by whoever reads all of it.
            if let problem = error as? Problem, problem.code != .backupDamaged { throw problem }
        }
        return isWhole ? text.map { String(decoding: $0, as: UTF8.self) } : nil
    }
}
