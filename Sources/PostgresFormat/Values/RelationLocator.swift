/// An object's number in a system catalog (PostgreSQL's `Oid`).
public struct ObjectID: Hashable, Sendable, Comparable, CodedNumber {
    public let rawValue: UInt32

    /// Zero: no object.
    public static let none = ObjectID(0)
    /// The tablespace of the shared catalogs (`pg_global`).
    public static let globalTablespace = ObjectID(1664)
    /// The tablespace in which everything lies unless told otherwise (`pg_default`).
    public static let defaultTablespace = ObjectID(1663)

    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static func < (left: ObjectID, right: ObjectID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Where a relation's files lie: WAL names relations by this alone, never by name or by their object number.
///
/// Layout: `RelFileLocator`, 12 bytes: tablespace, database, number.
public struct RelationLocator: Hashable, Sendable, Comparable, CustomStringConvertible {
    public static let size = 12

    public let tablespace: ObjectID
    /// `.none` for a catalog shared by all databases.
    public let database: ObjectID
    /// The number in the file's name (`relfilenode`); a rewrite of the relation gives it a new one.
    public let number: UInt32

    @inline(__always)
    public init(tablespace: ObjectID, database: ObjectID, number: UInt32) {
        self.tablespace = tablespace
        self.database = database
        self.number = number
    }

    /// As `pg_waldump` prints it: `1663/5/16384`.
    public var description: String { "\(tablespace)/\(database)/\(number)" }

    public static func < (left: RelationLocator, right: RelationLocator) -> Bool {
        (left.tablespace, left.database, left.number) < (right.tablespace, right.database, right.number)
    }
}

/// A relation's parts, each a file of its own.
public enum RelationFork: UInt8, Hashable, Sendable, CaseIterable {
    case main = 0
    case freeSpaceMap = 1
    case visibilityMap = 2
    case initialization = 3

    /// As `pg_waldump` and the files' names have it.
    public var name: String {
        switch self {
        case .main: "main"
        case .freeSpaceMap: "fsm"
        case .visibilityMap: "vm"
        case .initialization: "init"
        }
    }
}

extension ByteReader {
    @inline(__always)
    mutating func nextObject() -> ObjectID? { next(UInt32.self).map(ObjectID.init) }

    @inline(__always)
    mutating func nextLocator() -> RelationLocator? {
        guard let bytes = take(RelationLocator.size) else { return nil }
        return RelationLocator(
            tablespace: ObjectID(bytes.little(0)), database: ObjectID(bytes.little(4)),
            number: bytes.little(8))
    }

    /// A 32-bit count and that many elements of `size` bytes, each read by `element`. The count reserves
    /// nothing before the bytes are known to be there.
    mutating func nextList<Element>(
        of size: Int, _ element: (inout ByteReader) -> Element?
    ) -> [Element]? {
        guard let count = next(Int32.self), count >= 0 else { return nil }
        return nextElements(Int(count), of: size, element)
    }

    /// `count` elements of `size` bytes each; nil if not all of them are there.
    mutating func nextElements<Element>(
        _ count: Int, of size: Int, _ element: (inout ByteReader) -> Element?
    ) -> [Element]? {
        guard count >= 0, count <= remaining / size else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            guard let read = element(&self) else { return nil }
            elements.append(read)
        }
        return elements
    }
}
