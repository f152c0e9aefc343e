public import PostgresFormat

/// Which files hold the catalogs that cannot be looked up in `pg_class`, because it is one of them: the
/// content of `pg_filenode.map`.
///
/// Layout: `RelMapFile`; room for 62 entries in PostgreSQL 15 and 64 since 16, then a CRC-32C of all before.
public struct RelationMap: Hashable, Sendable {
    /// File numbers by the catalogs' object numbers.
    public var files: [ObjectID: UInt32]

    public init(files: [ObjectID: UInt32] = [:]) {
        self.files = files
    }

    /// Nil if the bytes are no map, or damaged.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 504, bytes.load(0, as: UInt32.self) == Self.magic else { return nil }
        let room = bytes.count >= 524 ? 64 : 62
        let end = 8 + 8 * room
        let count = bytes.load(4, as: Int32.self)
        guard end + 4 <= bytes.count, count >= 0, count <= room,
            CRC32C.checksum(Array(bytes[..<end])) == bytes.load(end, as: UInt32.self)
        else { return nil }
        files = [:]
        for index in 0..<Int(count) {
            files[ObjectID(bytes.load(8 + 8 * index))] = bytes.load(12 + 8 * index)
        }
    }

    private static let magic: UInt32 = 0x0059_2717
}
