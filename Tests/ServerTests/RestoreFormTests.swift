import Portal
import PostgresFormat
import Testing

@testable import Server

/// What the portal's Restore carries from one page to the next.
@Suite(.timeLimit(.minutes(1)))
struct RestoreFormTests {
    @Test func `a moment that is still to come is refused`() {
        let now = PostgresTimestamp(unixMicroseconds: 1_792_886_400_000_000)
        #expect(throws: Never.self) { try PortalPages.requirePast(now, now: now) }
        #expect(throws: (any Error).self) {
            try PortalPages.requirePast(now.advanced(bySeconds: 1), now: now)
        }
    }

    @Test func `words that depend on now are an instant once the plan is made`() {
        var typed = RestoreForm()
        typed.moment = .custom
        typed.words = "10 minutes ago"
        let time = PostgresTimestamp(unixMicroseconds: 1_792_886_400_123_456)
        let settled = PortalPages.settled(typed, time)
        #expect(settled.words.isEmpty)
        #expect(settled.date == "2026-10-25" && settled.time == "00:00:00.123456")
        #expect(PortalPages.settled(typed, nil).words == "10 minutes ago")
        typed.moment = .latest
        #expect(PortalPages.settled(typed, time).words == "10 minutes ago")
    }
}
