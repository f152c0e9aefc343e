import PostgresFormat
import TestKit
import WALEvents

/// The catalogs of a base backup that was made up: the database `shop` with the schema `public`, and in that
/// the tables `orders`, of which one column `total` is told, and `bills`. In each catalog they are the rows
/// from 1 on.
final class CraftedCatalogs: CatalogFiles {
    /// Also the number of its file, which is the one that `WALCraft.heap` names.
    static let orders: UInt32 = 16_384
    static let bills: UInt32 = 16_385
    fileprivate static let database: UInt32 = 5

    let version = WALVersion.v15
    let databases = [ObjectID(CraftedCatalogs.database): ObjectID.defaultTablespace]
    private let pages: [RelationLocator: [UInt8]]

    init() {
        let shop = ObjectID(Self.database)
        func place(_ kind: CatalogKind) -> RelationLocator {
            RelationLocator(
                tablespace: kind.isShared ? .globalTablespace : .defaultTablespace,
                database: kind.isShared ? .none : shop, number: kind.rawValue)
        }
        pages = [
            place(.databases): CraftedRow.page([CraftedRow.database(Self.database, "shop")]),
            place(.schemas): CraftedRow.page([CraftedRow.schema("public")]),
            place(.relations): CraftedRow.page([
                CraftedRow.table(Self.orders, "orders"), CraftedRow.table(Self.bills, "bills"),
            ]),
            place(.columns): CraftedRow.page([CraftedRow.column(1, of: Self.orders, "total")]),
        ]
    }

    func relationMap(of database: ObjectID) -> RelationMap? { nil }
    func pageCount(of relation: RelationLocator) -> UInt32 { pages[relation] == nil ? 0 : 1 }
    func page(of relation: RelationLocator, _ block: UInt32) -> [UInt8]? {
        block == 0 ? pages[relation] : nil
    }
    func status(of xid: TransactionID) -> TransactionStatus? { .committed }
}

/// What catalogs' rows hold as PostgreSQL 15 lays it out, as far as it is read: the values without a header.
enum CraftedRow {
    private static let schemaNumber: UInt32 = 2200

    /// `pg_class`: an ordinary table that nobody has counted, whose file has its own number.
    static func table(_ number: UInt32, _ name: String) -> [UInt8] {
        var values = named(number, name, count: 132)
        put(schemaNumber, at: 68, in: &values)
        put(number, at: 88, in: &values)
        put(Float(-1).bitPattern, at: 100, in: &values)
        values[114] = UInt8(ascii: "p")
        values[115] = UInt8(ascii: "r")
        values[116] = 1
        return values
    }

    /// `pg_attribute`: of the type `integer`.
    static func column(_ number: UInt8, of table: UInt32, _ name: String) -> [UInt8] {
        var values = named(table, name, count: 104)
        put(23, at: 68, in: &values)
        values[78] = number
        put(.max, at: 88, in: &values)
        return values
    }

    /// `pg_namespace`
    fileprivate static func schema(_ name: String) -> [UInt8] { named(schemaNumber, name, count: 68) }

    /// `pg_database`: one that takes any number of connections.
    fileprivate static func database(_ number: UInt32, _ name: String) -> [UInt8] {
        var values = named(number, name, count: 96)
        put(.max, at: 80, in: &values)
        put(ObjectID.defaultTablespace.rawValue, at: 92, in: &values)
        return values
    }

    /// A page with these rows, made and committed long ago.
    fileprivate static func page(_ rows: [[UInt8]]) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: 8192)
        var upper = page.count
        for (index, values) in rows.enumerated() {
            var row = [UInt8](repeating: 0, count: 24)
            row[0] = 3
            // It is known that who made it committed, and that nobody deleted it.
            row[21] = 0x09
            row[22] = 24
            row += values
            upper -= (row.count + 7) / 8 * 8
            page.replaceSubrange(upper..<upper + row.count, with: row)
            put(UInt32(upper) | 1 << 15 | UInt32(row.count) << 17, at: 24 + 4 * index, in: &page)
        }
        put(UInt32(24 + 4 * rows.count) | UInt32(upper) << 16, at: 12, in: &page)
        return page
    }

    private static func named(_ number: UInt32, _ name: String, count: Int) -> [UInt8] {
        let values = little(number) + Array(name.utf8)
        return values + [UInt8](repeating: 0, count: count - values.count)
    }

    private static func put(_ value: UInt32, at offset: Int, in bytes: inout [UInt8]) {
        bytes.replaceSubrange(offset..<offset + 4, with: little(value))
    }

    fileprivate static func little<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

extension WALCraft {
    /// Rows that a transaction puts into `orders`.
    mutating func orders(_ count: Int, by xid: UInt32) {
        for _ in 0..<count { heap(xid, data: [1, 2, 3]) }
    }

    /// A new row of a catalog of `shop`, at a place of its first page.
    mutating func insert(_ values: [UInt8], into catalog: CatalogKind, at number: UInt16, by xid: UInt32) {
        change(catalog, 0x00, xid, row: values, mainData: CraftedRow.little(number) + [0])
    }

    mutating func delete(from catalog: CatalogKind, at number: UInt16, by xid: UInt32) {
        let mainData = CraftedRow.little(xid) + CraftedRow.little(number) + [0, 0]
        change(catalog, 0x10, xid, row: nil, mainData: mainData)
    }

    /// A newer version of a row, at another place of the same page.
    mutating func update(
        _ catalog: CatalogKind, from old: UInt16, to new: UInt16, _ values: [UInt8], by xid: UInt32
    ) {
        var mainData = CraftedRow.little(xid) + CraftedRow.little(old) + [0, 0]
        mainData += CraftedRow.little(UInt32(0)) + CraftedRow.little(new)
        change(catalog, 0x20, xid, row: values, mainData: mainData)
    }

    private mutating func change(
        _ catalog: CatalogKind, _ info: UInt8, _ xid: UInt32, row: [UInt8]?, mainData: [UInt8]
    ) {
        var data: [UInt8] = []
        // What WAL keeps of a row's header, and one byte up to its values.
        if let row { data = [1, 0, 0, 8, 24, 0] + row }
        var body: [UInt8] = [0, data.isEmpty ? 0 : 0x20]
        body += CraftedRow.little(UInt16(data.count))
        for number: UInt32 in [
            ObjectID.defaultTablespace.rawValue, CraftedCatalogs.database, catalog.rawValue, 0,
        ] {
            body += CraftedRow.little(number)
        }
        body += [255, UInt8(mainData.count)]
        body += data + mainData
        append(ResourceManager.heap.rawValue, info: info, xid: xid, body: body)
    }

    /// A commit with the subtransactions that were not rolled back.
    mutating func commit(_ xid: UInt32, with subtransactions: [UInt32], at time: PostgresTimestamp) {
        var data = CraftedRow.little(time.microseconds) + CraftedRow.little(UInt32(2))
        data += CraftedRow.little(Int32(subtransactions.count))
        for subtransaction in subtransactions { data += CraftedRow.little(subtransaction) }
        record(.transaction, info: 0x80, xid: xid, mainData: data)
    }

    /// The checkpoint of a server that stops: whatever is open ends with it, but for what was prepared.
    mutating func stop(next xid: UInt32) {
        var data = [UInt8](repeating: 0, count: 88)
        data.replaceSubrange(8..<12, with: CraftedRow.little(timeline.rawValue))
        data.replaceSubrange(12..<16, with: CraftedRow.little(timeline.rawValue))
        data.replaceSubrange(24..<32, with: CraftedRow.little(UInt64(xid)))
        record(.xlog, info: XLogOperation.checkpointShutdown, mainData: data)
    }
}
