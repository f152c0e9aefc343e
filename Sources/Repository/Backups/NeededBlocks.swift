public import Platform
public import PostgresFormat

/// What of relations a copy has to have in which only some rows are read, by their addresses: everything
/// else of their files is left out.
///
/// Besides relations' main forks all of a backup is laid out, and so are files with numbers below the first
/// one that is given out: those of the system catalogs, until they are written anew.
public struct NeededBlocks: Hashable, Sendable {
    /// Numbers of files that are laid out as they are, by their databases; `.none` for what all databases
    /// share.
    public var whole: [ObjectID: Set<UInt32>] = [:]
    /// Of these files only some blocks.
    public var blocks: [RelationLocator: Set<UInt32>] = [:]

    public init() {}

    /// What is laid out of one file of a backup.
    enum Part: Hashable, Sendable {
        case whole
        /// These bytes of it, in rising order; it is as large as it was.
        case ranges([Range<UInt64>])
    }

    /// The first number that PostgreSQL gives to what its users make.
    static let firstNormalNumber: UInt32 = 16384

    /// - Parameters:
    ///   - begin: the block of the relation with which the file begins.
    ///   - size: of the file, in bytes.
    func part(of relation: RelationLocator, from begin: UInt64, size: UInt64) -> Part {
        // Reading one page to leave it out would spare nothing.
        guard size > Self.page, relation.number >= Self.firstNormalNumber,
            whole[relation.database]?.contains(relation.number) != true
        else { return .whole }
        let end = begin + size / Self.page
        let own = (blocks[relation] ?? []).filter { (begin..<end).contains(UInt64($0)) }.sorted()
        var ranges: [Range<UInt64>] = []
        for block in own {
            let start = (UInt64(block) - begin) * Self.page
            if let last = ranges.last, last.upperBound == start {
                ranges[ranges.count - 1] = last.lowerBound..<start + Self.page
            } else {
                ranges.append(start..<start + Self.page)
            }
        }
        return .ranges(ranges)
    }

    private static let page = UInt64(BlockImage.pageSize)
}

/// What of one base backup's files is laid out.
public struct PartialLayout: Hashable, Sendable {
    /// Of the files that are not laid out as they are.
    private let parts: [String: [Range<UInt64>]]
    /// The relations of these files.
    private let relations: Set<RelationLocator>
    /// Their numbers, whatever the database.
    private let numbers: Set<UInt32>
    /// What is laid out takes so many bytes.
    public let bytes: UInt64

    public init(
        _ needed: NeededBlocks, of backup: BackupDescriptor, in layout: RepositoryLayout
    ) throws(Problem) {
        self.init(
            needed, files: try BackupFiles.manifest(backup, in: layout).files.map { ($0.path, $0.size) })
    }

    /// - Parameter files: all of the backup, with their sizes.
    init(_ needed: NeededBlocks, files: [(path: String, size: UInt64)]) {
        // All parts of a relation but the last one are as large as the first one.
        var first: [RelationLocator: UInt64] = [:]
        for file in files where BackupFiles.partNumber(ofFile: file.path) == 0 {
            if let relation = BackupFiles.relation(ofFile: file.path) { first[relation] = file.size }
        }
        var parts: [String: [Range<UInt64>]] = [:]
        var relations: Set<RelationLocator> = []
        var bytes: UInt64 = 0
        for file in files {
            bytes += file.size
            guard let relation = BackupFiles.relation(ofFile: file.path) else { continue }
            let begin =
                UInt64(BackupFiles.partNumber(ofFile: file.path))
                * ((first[relation] ?? 0) / UInt64(BlockImage.pageSize))
            guard case .ranges(let ranges) = needed.part(of: relation, from: begin, size: file.size) else {
                continue
            }
            parts[file.path] = ranges
            relations.insert(relation)
            bytes -= file.size - ranges.reduce(0) { $0 + UInt64($1.count) }
        }
        self.parts = parts
        self.relations = relations
        numbers = Set(relations.map(\.number))
        self.bytes = bytes
    }

    /// Nil for a file that is laid out as it is.
    func ranges(of path: String) -> [Range<UInt64>]? { parts[path] }

    /// Whether a file in a copy holds all that the source's has, wherever it was copied to since the backup,
    /// with its database or its tablespace.
    public func isWhole(_ number: UInt32) -> Bool { !numbers.contains(number) }

    /// Whether a file in a copy holds the blocks that are needed of it: it was made since the backup, by WAL,
    /// or is one of those that they were laid out of.
    public func hasBlocks(of relation: RelationLocator) -> Bool {
        isWhole(relation.number) || relations.contains(relation)
    }
}
