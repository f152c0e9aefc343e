import Foundation
import Platform
import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// When something is to expire, as people write it.
struct ExpiryTextTests {
    /// 2026-08-14T05:20:00.123456Z.
    private static let now = PostgresTimestamp(microseconds: 840_000_000_123_456)

    private func read(_ text: String) throws -> RequestedExpiry {
        try ExpiryText.read(text, now: Self.now, here: .gmt)
    }

    @Test(
        arguments: [
            ("8h", 28_800), ("7d", 604_800), ("1d12h", 129_600), ("90 minutes", 5400), ("30m", 1800),
            ("2 weeks", 1_209_600), ("in 8 hours", 28_800), ("1 day and 2 hours", 93_600), ("2W", 1_209_600),
        ] as [(String, Int64)])
    func `reads a span of time`(_ text: String, _ seconds: Int64) throws {
        #expect(try read(text) == .after(seconds: seconds))
    }

    @Test(arguments: [
        ("2026-12-24", "2026-12-25T00:00:00.000000Z"), ("today", "2026-08-15T00:00:00.000000Z"),
        ("tomorrow", "2026-08-16T00:00:00.000000Z"), ("2026-12-24 18:00", "2026-12-24T18:00:00.000000Z"),
        ("2026-12-24 18:00 Europe/Paris", "2026-12-24T17:00:00.000000Z"),
        ("2026-12-24T18:00:00+05:30", "2026-12-24T12:30:00.000000Z"),
    ])
    func `a day ends at its end in UTC, and a time may have a zone`(_ text: String, _ instant: String) throws
    {
        guard case .at(let time) = try read(text) else {
            Issue.record("'\(text)' is no time")
            return
        }
        #expect(time.description == instant)
    }

    @Test(arguments: [
        "", "8", "8x", "0h", "-8h", "8h tomorrow", "18:00", "yesterday 18:00", "2026-13-01",
        "2026-02-30 10:00",
        "2026-08-13", "2026-08-14 05:20", "8 hours ago", "999999999w", "2026-10-25 02:30 Europe/Paris",
    ])
    func `what is no time, or is over, is refused as wrong use`(_ text: String) {
        let problem = #expect(throws: Problem.self) { try read(text) }
        #expect(problem?.code == .usage && problem?.hint != nil && problem?.detail != nil, "\(text)")
    }

    @Test func `never is never`() throws {
        #expect(try read("Never") == .never)
    }
}
