import Portal
import PostgresFormat
import ServiceModel
import ServiceSamples
import Testing

@testable import Server

/// Who was restored from whom.
@Suite(.timeLimit(.minutes(5)))
struct PortalFamilyTests {
    private func server(_ name: String, from source: String? = nil, seconds: Int64 = 0) -> ServerDetails {
        var server = ServerDetails.fresh
        server.id = name + "-id"
        server.name = name
        server.createdAt = instant(seconds)
        server.restoredFrom = source.map {
            RestoredFrom(
                sourceServer: $0, sourceServerID: $0 + "-id", restoreTimeUTC: instant(-60), lsn: LSN(16),
                backup: "b", sourceServerResourceID: "/x/\($0)")
        }
        return server
    }

    /// `orders(copy(again) second)`
    private func words(_ members: [FamilyMember]) -> String {
        members.map { $0.name + ($0.copies.isEmpty ? "" : "(\(words($0.copies)))") }.joined(separator: " ")
    }

    @Test func `copies stand below their source in the order in which they were made, however deep`() {
        let family = PortalPages.family(
            [
                server("again", from: "copy", seconds: 3), server("second", from: "orders", seconds: 2),
                server("orders"), server("copy", from: "orders", seconds: 1), server("alone"),
            ]
        ) { _ in "" }
        #expect(words(family) == "alone orders(copy(again) second)")
        #expect(family[1].copies[0].remarks.first?.contains(", as of 2026-03-31 22:01:13") == true)
    }

    @Test func `a deleted source says how long it can come back, and one that has gone is named`() {
        var deleted = server("orders")
        deleted.state = .dropped
        let family = PortalPages.family(
            [deleted, server("copy", from: "orders"), server("orphan", from: "gone")]
        ) { "4 days more for \($0.name)" }
        #expect(words(family) == "gone(orphan) orders(copy)")
        #expect(family[1].place == nil && family[1].state == "Deleted")
        #expect(family[1].remarks == ["backups: 4 days more for orders"])
        #expect(family[0].place == nil && family[0].state == "Not here")
    }
}
