import Platform
import PostgresFormat
import Synchronization
import WALEvents

/// The catalogs that all databases share, as they lie in a data directory: as old as the last checkpoint
/// where the server runs.
final class SharedCatalogFiles: CatalogFiles {
    let version: WALVersion
    let databases: [ObjectID: ObjectID] = [:]
    private let folder: String
    private let read = Mutex<[String: [UInt8]]>([:])

    /// Nil where there is none, or none that may be read.
    init?(dataDirectory: String) {
        folder = dataDirectory
        // Nothing is offered for completion then, and nothing said.
        guard let text = try? DurableFiles.read(dataDirectory + "/PG_VERSION"),
            let major = Int(String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)),
            let version = WALVersion(rawValue: major)
        else { return nil }
        self.version = version
    }

    func relationMap(of database: ObjectID) -> RelationMap? {
        database == .none ? RelationMap(content("global/pg_filenode.map")) : nil
    }

    func pageCount(of relation: RelationLocator) -> UInt32 {
        relation.database == .none ? UInt32(content(path(relation)).count / BlockImage.pageSize) : 0
    }

    func page(of relation: RelationLocator, _ block: UInt32) -> [UInt8]? {
        guard block < pageCount(of: relation) else { return nil }
        let start = Int(block) * BlockImage.pageSize
        return Array(content(path(relation))[start..<start + BlockImage.pageSize])
    }

    func status(of xid: TransactionID) -> TransactionStatus? {
        let perFile: UInt32 = 1 << 20
        let name = String(xid.rawValue / perFile, radix: 16, uppercase: true)
        let bytes = content("pg_xact/" + String(repeating: "0", count: max(0, 4 - name.count)) + name)
        let index = Int(xid.rawValue % perFile)
        guard index / 4 < bytes.count else { return nil }
        switch bytes[index / 4] >> UInt8(index % 4 * 2) & 3 {
        case 1: return .committed
        case 2: return .aborted
        default: return .running
        }
    }

    private func path(_ relation: RelationLocator) -> String { "global/\(relation.number)" }

    /// Catalogs that all databases share are small; one that is not there, or larger, is empty.
    private func content(_ path: String) -> [UInt8] {
        if let known = read.withLock({ $0[path] }) { return known }
        let size = DurableFiles.status(folder + "/" + path)?.size ?? 0
        let bytes = size <= 4 << 20 ? (try? DurableFiles.read(folder + "/" + path)) ?? [] : []
        read.withLock { $0[path] = bytes }
        return bytes
    }
}
