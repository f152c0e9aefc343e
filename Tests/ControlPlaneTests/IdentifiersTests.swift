import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// Names and ids as Azure writes them.
struct IdentifiersTests {
    @Test func `names an automatic backup by the ticks of its end less a second`() throws {
        // A backup of Azure's own, completed 2026-03-31T22:02:13.8769574Z.
        let completed = try TimestampParser.parse("2026-03-31T22:02:13.876957Z").get().instant
        let name = Identifiers.automaticBackupName(completed: completed)
        // The last digit counts 100 ns, which PostgreSQL's clock does not have.
        #expect(name == "backup_639105913328769570")
        #expect(639_105_913_328_769_574 - 639_105_913_328_769_570 == 4)
    }

    @Test func `gives backups names in the order of their ends`() throws {
        let first = try TimestampParser.parse("1999-12-31T23:59:59.999999Z").get().instant
        let names = [0, 1, 1_000_000, 86_400_000_000].map {
            Identifiers.automaticBackupName(completed: first.advanced(byMicroseconds: $0))
        }
        #expect(names == names.sorted() && Set(names).count == names.count)
        #expect(names.allSatisfy { $0.count == "backup_".count + 18 })
    }

    @Test func `reads a bare name and a whole resource id`() {
        let bare = Identifiers.reference("orders", defaultGroup: "local")
        #expect(bare == ServerReference(resourceGroup: "local", name: "orders"))
        let id = Identifiers.serverResourceID(resourceGroup: "shop", name: "orders")
        #expect(
            id == "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop"
                + "/providers/Microsoft.DBforPostgreSQL/flexibleServers/orders")
        let whole = Identifiers.reference(id, defaultGroup: "local")
        #expect(whole == ServerReference(resourceGroup: "shop", name: "orders"))
    }

    @Test func `reads an id in any case of its fixed words`() {
        let id = Identifiers.serverResourceID(resourceGroup: "Shop", name: "orders").lowercased()
        #expect(
            Identifiers.reference(id, defaultGroup: "x")
                == ServerReference(resourceGroup: "shop", name: "orders"))
    }

    @Test(arguments: [
        "/", "a/b", "/subscriptions/x", "/subscriptions/1/resourceGroups/g",
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.Sql/flexibleServers/s",
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/servers/s",
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/s/backups/b",
    ])
    func `refuses what is no server's id`(_ text: String) {
        #expect(Identifiers.reference(text, defaultGroup: "local") == nil)
    }

    @Test func `never hands out an id twice`() {
        let ids = (0..<1000).map { _ in Identifiers.fresh() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil })
    }
}
