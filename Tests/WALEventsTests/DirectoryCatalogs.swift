import Platform
import PostgresFormat
import Synchronization
import WALEvents

/// The catalogs in a plain data directory, as `pg_basebackup` writes it.
final class DirectoryCatalogs: CatalogFiles {
    let version: WALVersion
    let databases: [ObjectID: ObjectID]
    private let root: String
    private let held = Mutex<[String: [UInt8]]>([:])

    init(_ root: String, version: WALVersion) throws(Problem) {
        self.root = root
        self.version = version
        databases = Dictionary(
            uniqueKeysWithValues: try DurableFiles.list(root + "/base").compactMap(UInt32.init)
                .map { (ObjectID($0), .defaultTablespace) })
    }

    func relationMap(of database: ObjectID) -> RelationMap? {
        RelationMap(file(folder(database) + "/pg_filenode.map"))
    }

    func pageCount(of relation: RelationLocator) -> UInt32 {
        UInt32(file(folder(relation.database) + "/\(relation.number)").count / 8192)
    }

    func page(of relation: RelationLocator, _ block: UInt32) -> [UInt8]? {
        let bytes = file(folder(relation.database) + "/\(relation.number)")
        let start = Int(block) * 8192
        return start + 8192 <= bytes.count ? Array(bytes[start..<start + 8192]) : nil
    }

    func status(of xid: TransactionID) -> TransactionStatus? {
        let bytes = file("pg_xact/0000")
        let index = Int(xid.rawValue)
        guard index / 4 < bytes.count else { return nil }
        switch bytes[index / 4] >> UInt8(index % 4 * 2) & 3 {
        case 1: return .committed
        case 2: return .aborted
        default: return .running
        }
    }

    private func folder(_ database: ObjectID) -> String {
        database == .none ? "global" : "base/\(database)"
    }

    private func file(_ path: String) -> [UInt8] {
        if let bytes = held.withLock({ $0[path] }) { return bytes }
        let bytes = ((try? DurableFiles.readIfPresent(root + "/" + path)) ?? nil) ?? []
        held.withLock { $0[path] = bytes }
        return bytes
    }
}
