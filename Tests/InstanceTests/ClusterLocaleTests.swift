import Testing

@testable import Instance

struct ClusterLocaleTests {
    @Test func `gives a collation that the machine has as it was asked for`() {
        #expect(ClusterLocale.collation(asked: "C") == "C")
        #expect(ClusterLocale.collation(asked: ClusterLocale.preferred) == ClusterLocale.preferred)
    }

    @Test func `gives the cluster's own for the one az names by itself, if the machine lacks it`() {
        let given = ClusterLocale.collation(asked: "en_US.utf8")
        #expect(given == (ClusterLocale.isAvailable("en_US.utf8") ? "en_US.utf8" : ClusterLocale.preferred))
    }

    @Test func `leaves any other to be refused by PostgreSQL`() {
        #expect(ClusterLocale.collation(asked: "xx_XX.utf8") == "xx_XX.utf8")
    }
}
