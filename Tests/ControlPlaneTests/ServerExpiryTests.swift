import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// When a copy is warned of, and when its time is over beyond doubt.
struct ServerExpiryTests {
    private static let chosen = PostgresTimestamp(microseconds: 840_000_000_000_000)

    private func expiry(hours: Int64, uptime: Int64 = 1000, warned: Int64? = nil) -> ServerExpiry {
        ServerExpiry(
            time: Self.chosen.advanced(bySeconds: hours * 3600), chosenAt: Self.chosen, caller: "ada",
            countedUptime: uptime, warned: warned)
    }

    @Test func `the uptime has to grow by as much as was chosen, whatever the clock says`() {
        let expiry = expiry(hours: 8)
        #expect(expiry.missingUptime(counted: 1000) == 28_800)
        #expect(expiry.missingUptime(counted: 29_799) == 1)
        #expect(expiry.missingUptime(counted: 29_800) == 0)
        // A count that was lost begins again at 0.
        #expect(expiry.missingUptime(counted: 0) == 29_800)
    }

    @Test(
        arguments: [
            (48, 23.0, nil, nil), (48, 24.0, nil, 86_400), (48, 46.5, nil, 86_400), (48, 46.5, 86_400, nil),
            (48, 47.0, 86_400, 3600), (48, 47.5, nil, 3600), (48, 47.5, 3600, nil), (48, 49.0, nil, 3600),
            (24, 1.0, nil, nil), (8, 6.9, nil, nil), (8, 7.0, nil, 3600), (1, 0.5, nil, nil),
        ] as [(Int64, Double, Int64?, Int64?)])
    func `warns a day and an hour before, each once, and of no short time`(
        _ hours: Int64, _ passed: Double, _ warned: Int64?, _ due: Int64?
    ) {
        let now = Self.chosen.advanced(bySeconds: Int64(passed * 3600))
        #expect(expiry(hours: hours, warned: warned).dueWarning(at: now) == due)
    }

    @Test(
        arguments: [
            (29, "less than a minute"), (59, "1 minute"), (119, "2 minutes"), (3599, "60 minutes"),
            (28_799, "8 hours"), (604_790, "7 days"),
        ] as [(Int64, String)])
    func `says how long in a unit that says enough`(_ seconds: Int64, _ words: String) {
        #expect(ExpiryState.words(seconds: seconds) == words)
    }
}
