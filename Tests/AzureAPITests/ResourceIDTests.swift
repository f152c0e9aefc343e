import ServiceModel
import Testing

/// Ids as Azure writes them, printed and read in one place.
struct ResourceIDTests {
    @Test func `reads a bare name and a whole resource id`() {
        let bare = ResourceID.reference("orders", defaultGroup: "local")
        #expect(bare == ServerReference(resourceGroup: "local", name: "orders"))
        let id = ResourceID.server(resourceGroup: "shop", name: "orders")
        #expect(
            id == "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop"
                + "/providers/Microsoft.DBforPostgreSQL/flexibleServers/orders")
        let whole = ResourceID.reference(id, defaultGroup: "local")
        #expect(whole == ServerReference(resourceGroup: "shop", name: "orders"))
    }

    @Test func `reads an id in any case of its fixed words`() {
        let id = ResourceID.server(resourceGroup: "Shop", name: "orders").lowercased()
        #expect(
            ResourceID.reference(id, defaultGroup: "x")
                == ServerReference(resourceGroup: "shop", name: "orders"))
    }

    @Test(arguments: [
        "/", "a/b", "/subscriptions/x", "/subscriptions/1/resourceGroups/g",
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.Sql/flexibleServers/s",
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/servers/s",
        "/subscriptions/1/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/s/backups/b",
    ])
    func `refuses what is no server's id`(_ text: String) {
        #expect(ResourceID.reference(text, defaultGroup: "local") == nil)
    }

    @Test func `reads back every id that it prints`() {
        let server = ServerReference(resourceGroup: "Shop (1)", name: "orders")
        #expect(ResourceID.parse(ResourceID.ofSubscription) == .subscription)
        #expect(ResourceID.parse(ResourceID.group("Shop (1)")) == .group("Shop (1)"))
        #expect(ResourceID.parse(ResourceID.server(server)) == .server(server))
        #expect(ResourceID.parse(ResourceID.child("backups", "b", of: server)) == nil)
        for scope in [AccessScope.subscription, .resourceGroup("shop")] {
            #expect(AccessScope(resourceID: scope.resourceID) == scope)
        }
        #expect(AccessScope(resourceID: ResourceID.server(server)) == nil)
    }
}
