public import Platform
public import PostgresFormat
import Synchronization
public import WALEvents

/// The system catalogs in a base backup's files, read page by page where they are wanted.
///
/// Nothing is unpacked to the disk and little held in memory. Files are not compared with the manifest here:
/// a page that cannot be read is missing, and the first reason is kept.
public final class BackupCatalogFiles: CatalogFiles {
    public let version: WALVersion
    public let databases: [ObjectID: ObjectID]
    /// The first thing that could not be read.
    public var failure: Problem? { reading.withLock { $0.failure } }

    private let layout: RepositoryLayout
    private let folder: String
    private let storage: BackupDescriptor.Storage
    private let directories: [ObjectID: String]
    private let sizes: [String: UInt64]
    private let reading = Mutex(Reading())

    /// What changes while it is read.
    private struct Reading {
        var failure: Problem?
        var open: (path: String, pages: StoredPages)?
        var transactions: [UInt32: [UInt8]] = [:]
    }

    /// Reads the backup's list of files.
    public init(_ backup: BackupDescriptor, in layout: RepositoryLayout, version: WALVersion) throws(Problem)
    {
        self.version = version
        self.layout = layout
        folder = BackupFiles.data(layout.backup(backup.name))
        storage = backup.storage
        var databases: [ObjectID: ObjectID] = [:]
        var directories: [ObjectID: String] = [.none: "global"]
        var sizes: [String: UInt64] = [:]
        for file in try BackupFiles.manifest(backup, in: layout).files {
            let parts = file.path.split(separator: "/").map(String.init)
            guard let name = parts.last, parts.count >= 2 else { continue }
            let isData = parts[0] == "base" || parts[0] == "global" || parts[0] == "pg_tblspc"
            guard isData || parts[0] == "pg_xact" else { continue }
            sizes[file.path] = file.size
            guard name == "pg_filenode.map", parts[0] != "global",
                let database = UInt32(parts[parts.count - 2])
            else { continue }
            let tablespace = parts[0] == "base" ? ObjectID.defaultTablespace.rawValue : UInt32(parts[1])
            databases[ObjectID(database)] = ObjectID(tablespace ?? 0)
            directories[ObjectID(database)] = parts.dropLast().joined(separator: "/")
        }
        (self.databases, self.directories, self.sizes) = (databases, directories, sizes)
    }

    public func relationMap(of database: ObjectID) -> RelationMap? {
        guard let directory = directories[database] else { return nil }
        return content(of: directory + "/pg_filenode.map").flatMap(RelationMap.init)
    }

    public func pageCount(of relation: RelationLocator) -> UInt32 {
        guard let base = path(of: relation) else { return 0 }
        var pages: UInt64 = 0
        var part = 0
        while let size = sizes[Self.path(base, part: part)] {
            pages += size / UInt64(Self.pageSize)
            part += 1
        }
        return UInt32(clamping: pages)
    }

    public func page(of relation: RelationLocator, _ block: UInt32) -> [UInt8]? {
        guard let base = path(of: relation) else { return nil }
        let part = Int(block / Self.pagesPerPart)
        return bytes(
            of: Self.path(base, part: part),
            at: UInt64(block % Self.pagesPerPart) * UInt64(Self.pageSize), count: Self.pageSize)
    }

    public func status(of xid: TransactionID) -> TransactionStatus? {
        let perFile: UInt32 = 1 << 20
        let number = xid.rawValue / perFile
        var known = reading.withLock { $0.transactions[number] }
        if known == nil {
            let name = String(number, radix: 16, uppercase: true)
            let padding = String(repeating: "0", count: max(0, 4 - name.count))
            let read = content(of: "pg_xact/" + padding + name) ?? []
            reading.withLock { $0.transactions[number] = read }
            known = read
        }
        let index = Int(xid.rawValue % perFile)
        guard let bytes = known, index / 4 < bytes.count else { return nil }
        switch bytes[index / 4] >> UInt8(index % 4 * 2) & 3 {
        case 1: return .committed
        case 2: return .aborted
        default: return .running
        }
    }

    // MARK: Files

    private static let pageSize = BlockImage.pageSize
    /// Relations are cut into files of 1 GiB.
    private static let pagesPerPart: UInt32 = 131_072

    private static func path(_ base: String, part: Int) -> String {
        part == 0 ? base : base + "." + String(part)
    }

    private func path(of relation: RelationLocator) -> String? {
        directories[relation.database].map { $0 + "/" + String(relation.number) }
    }

    private func content(of path: String) -> [UInt8]? {
        guard let size = sizes[path], size <= 1 << 20 else { return nil }
        return bytes(of: path, at: 0, count: Int(size))
    }

    private func bytes(of path: String, at offset: UInt64, count: Int) -> [UInt8]? {
        guard let size = sizes[path], offset + UInt64(count) <= size else { return nil }
        let file = folder + "/" + path + (storage == .zstd ? RepositoryLayout.compressedSuffix : "")
        let isFramed = storage == .zstd
        return reading.withLock { reading in
            do throws(Problem) {
                if reading.open?.path != path {
                    reading.open = (path, try StoredPages(file, layout, isFramed: isFramed))
                }
                return try reading.open?.pages.bytes(at: offset, count: count)
            } catch {
                if reading.failure == nil { reading.failure = error }
                return nil
            }
        }
    }
}

/// A stored file that is read here and there; a compressed one best in rising order.
private final class StoredPages {
    private let file: OpenFile
    private let layout: RepositoryLayout
    private let isFramed: Bool
    private var reader: FrameReader
    /// The part of the content that is at hand.
    private var start: UInt64 = 0
    private var held: [UInt8] = []

    init(_ path: String, _ layout: RepositoryLayout, isFramed: Bool) throws(Problem) {
        file = try OpenFile(reading: path)
        self.layout = layout
        self.isFramed = isFramed
        reader = try layout.reader(file)
    }

    /// Nil where the file ends before, or is damaged.
    func bytes(at offset: UInt64, count: Int) throws(Problem) -> [UInt8]? {
        guard isFramed else {
            var bytes = [UInt8](repeating: 0, count: count)
            var span = bytes.mutableSpan
            let got = try span.withUnsafeMutableBytes { (buffer) throws(Problem) in
                try file.read(into: buffer, at: offset)
            }
            return got == count ? bytes : nil
        }
        if offset < start {
            reader = try layout.reader(file)
            start = 0
            held = []
        }
        while offset >= start + UInt64(held.count) {
            start += UInt64(held.count)
            var next: [UInt8] = []
            let more = try reader.next { (content) throws(Problem) in next = Array(content) }
            guard case .success(true) = more else { return nil }
            held = next
        }
        let first = Int(offset - start)
        guard count <= held.count - first else { return nil }
        return Array(held[first..<first + count])
    }
}
