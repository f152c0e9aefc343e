public import Platform
public import PostgresFormat

extension BackupFiles {
    /// The sizes of the main forks of all relations in a backup, in blocks, as its manifest lists them.
    public static func relationSizes(
        _ backup: BackupDescriptor, in layout: RepositoryLayout
    ) throws(Problem) -> [RelationLocator: UInt32] {
        var sizes: [RelationLocator: UInt32] = [:]
        for file in try manifest(backup, in: layout).files {
            guard let relation = relation(ofFile: file.path) else { continue }
            sizes[relation, default: 0] += UInt32(clamping: file.size / UInt64(BlockImage.pageSize))
        }
        return sizes
    }

    /// Which part of a relation's fork lies at a path, from 0.
    static func partNumber(ofFile path: String) -> UInt32 {
        let name = path.split(separator: "/").last ?? ""
        return name.split(separator: ".").dropFirst().first.flatMap { UInt32($0) } ?? 0
    }

    /// The relation whose main fork, or a part of it, lies at a path of the data directory; nil for anything
    /// else.
    static func relation(ofFile path: String) -> RelationLocator? {
        let parts = path.split(separator: "/")
        guard let name = parts.last else { return nil }
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let number = UInt32(pieces[0]),
            pieces.count == 1 || pieces.count == 2 && UInt32(pieces[1]) != nil
        else { return nil }
        switch (parts[0], parts.count) {
        case ("global", 2):
            return RelationLocator(tablespace: .globalTablespace, database: .none, number: number)
        case ("base", 3):
            return UInt32(parts[1]).map {
                RelationLocator(tablespace: .defaultTablespace, database: ObjectID($0), number: number)
            }
        // pg_tblspc/<tablespace>/PG_<version>/<database>/<number>
        case ("pg_tblspc", 5):
            guard let tablespace = UInt32(parts[1]), let database = UInt32(parts[3]) else { return nil }
            return RelationLocator(
                tablespace: ObjectID(tablespace), database: ObjectID(database), number: number)
        default: return nil
        }
    }
}
