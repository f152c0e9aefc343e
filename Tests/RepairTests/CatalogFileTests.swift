import PostgresFormat
import Testing

@testable import Repair

/// Whose rows transactions changed, by the files.
struct CatalogFileTests {
    private static func file(_ number: UInt32) -> RelationLocator {
        RelationLocator(tablespace: .defaultTablespace, database: ObjectID(5), number: number)
    }

    private static func footprint(_ files: UInt32...) -> TransactionFootprint {
        let track = RowTrack(before: RowAddress(block: 0, offset: 1), after: nil)
        return TransactionFootprint(
            relations: Dictionary(uniqueKeysWithValues: files.map { (file($0), [track]) }))
    }

    @Test func `a catalog that was written anew is one still`() {
        var footprint = Self.footprint(20001)
        #expect(!footprint.isOfCatalog(Self.file(20001)) && !footprint.touchesCatalogs)
        footprint.catalogs = [Self.file(20001): ObjectID(2608)]
        #expect(footprint.isOfCatalog(Self.file(20001)) && footprint.touchesCatalogs)
        footprint.catalogs = [Self.file(20001): ObjectID(2619)]
        #expect(!footprint.touchesCatalogs, "what ANALYZE writes is no definition")
    }

    @Test func `large objects are no definitions`() {
        let footprint = Self.footprint(2613, 2995)
        #expect(footprint.touchesLargeObjects && !footprint.touchesCatalogs)
        #expect(!Self.footprint(1259).touchesLargeObjects)
    }

    @Test func `a table that was not touched is named, also beside one that was`() throws {
        let names = ["orders", "lines"].map { QualifiedName(schema: "shop", name: $0) }
        var choice = UndoChoice()
        #expect(choice.unmatched(among: names) == nil && choice.wants(names[1]))
        choice.tables = [try TableWord("shop.orders"), try TableWord("lines")]
        #expect(choice.unmatched(among: names) == nil)
        choice.tables.append(try TableWord("public.lines"))
        #expect(choice.unmatched(among: names)?.text == "public.lines")
        #expect(!choice.wants(QualifiedName(schema: "public", name: "orders")))
    }
}
