import Foundation
import Platform
import PostgresFormat
import TestKit
import Testing

@testable import ControlPlane

/// Instants as people write them.
struct MomentTextTests {
    private static let now = PostgresTimestamp(microseconds: 840_000_000_123_456)

    private func read(_ text: String) throws -> String {
        try MomentText.read(text, now: Self.now).instant.description
    }

    private func refusal(_ text: String) -> String {
        do throws(Problem) {
            return "taken as \(try MomentText.read(text, now: Self.now).instant)"
        } catch {
            return error.code == .usage ? "\(error)" : "not as wrong use: \(error)"
        }
    }

    @Test(arguments: [
        ("2026-07-22 18:20:22 Europe/Paris", "2026-07-22T16:20:22.000000Z"),
        ("2026-01-22T18:20:22.5 Europe/Paris", "2026-01-22T17:20:22.500000Z"),
        ("2026-07-22 18:20:22 America/New_York", "2026-07-22T22:20:22.000000Z"),
        ("2026-07-22 18:20:22 Asia/Kolkata", "2026-07-22T12:50:22.000000Z"),
        ("2026-07-22 18:20:22 UTC", "2026-07-22T18:20:22.000000Z"),
        ("2026-03-29 03:00:00 Europe/Paris", "2026-03-29T01:00:00.000000Z"),
        ("2026-10-25 03:00:00 Europe/Paris", "2026-10-25T02:00:00.000000Z"),
        ("2026-03-29 01:59:59 Europe/Paris", "2026-03-29T00:59:59.000000Z"),
        ("2026-07-22 18:20:22 Pacific/Kiritimati", "2026-07-22T04:20:22.000000Z"),
        ("2026-03-22T18:20:22Z", "2026-03-22T18:20:22.000000Z"),
        ("2026-03-22T18:20:22+05:30", "2026-03-22T12:50:22.000000Z"),
    ])
    func `reads a local time in a named zone`(_ text: String, _ instant: String) throws {
        #expect(try read(text) == instant)
    }

    @Test(
        arguments: [
            ("10 minutes ago", 600), ("an hour ago", 3600), ("a minute ago", 60),
            ("1 day 2 hours ago", 93_600),
            ("2 weeks ago", 1_209_600), ("90 s ago", 90), ("1 hour and 30 minutes ago", 5400),
            ("0 seconds ago", 0),
            ("5 MIN AGO", 300),
        ] as [(String, Int64)])
    func `reads how long ago`(_ text: String, _ seconds: Int64) throws {
        let moment = try MomentText.read(text, now: Self.now)
        #expect(moment.instant == Self.now.advanced(bySeconds: -seconds))
        #expect(moment.note == "'\(text)' is \(moment.instant).")
    }

    @Test(arguments: [
        ("2026-10-25 02:30:00 Europe/Paris", ["2026-10-25T00:30:00", "2026-10-25T01:30:00", "set back"]),
        ("2026-03-29 02:30:00 Europe/Paris", ["2026-03-29T00:30:00", "2026-03-29T01:30:00", "set forward"]),
        ("2026-11-01 01:15:00 America/New_York", ["2026-11-01T05:15:00", "2026-11-01T06:15:00"]),
        ("2026-04-05 01:45:00 Australia/Lord_Howe", ["2026-04-04T14:45:00", "2026-04-04T15:15:00"]),
        ("2011-12-30 12:00:00 Pacific/Apia", ["2011-12-29T22:00:00", "2011-12-30T22:00:00"]),
    ])
    func `refuses a local time that was twice or never, with both readings`(_ text: String, _ parts: [String])
    {
        let words = refusal(text)
        for part in parts { #expect(words.contains(part), "\(words)") }
        // What is written is right; it is the clock that leaves it open.
        #expect(!words.contains("format"), "\(words)")
    }

    @Test(arguments: [
        "2026-07-22 18:20:22 Europe/Atlantis", "2026-07-22 18:20:22 IST",
        "2026-07-22 18:20:22+02:00 Europe/Paris",
        "2026-07-22 25:20:22 Europe/Paris", "2026-02-30 10:00:00 Europe/Paris", "18:20 Europe/Paris", "ago",
        "10 ago", "ten minutes ago", "10 fortnights ago", "-10 minutes ago", "10.5 minutes ago",
        "minutes ago",
        "99999999999999999999 days ago", "4294967295 weeks ago", "yesterday", "", " ", "Europe/Paris",
        "2026-07-22 18:20:22 ../../etc/passwd", "2026-07-22 18:20:22 Europe/",
    ])
    func `refuses what it does not understand`(_ text: String) {
        #expect(refusal(text).contains("incorrect date format"), "\(refusal(text))")
    }

    @Test func `reads back what a clock of any zone shows, or refuses it with that instant`() throws {
        var random = SeededRandom()
        let names = TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") }.sorted()
        #expect(names.count > 300)
        var ambiguous = 0
        for _ in 0..<3000 {
            let name = try #require(names.randomElement(using: &random))
            let zone = try #require(LocalTime.zone(name))
            let instant = try Self.instant(in: zone, &random)
            let offset = LocalTime.offset(at: instant, in: zone)
            let clock = instant.advanced(bySeconds: offset).description.dropLast().replacing("T", with: " ")
            let text = "\(clock) \(name)"
            do throws(Problem) {
                #expect(try MomentText.read(text, now: Self.now).instant == instant, "\(text) \(random.seed)")
            } catch {
                ambiguous += 1
                let words = error.description
                #expect(words.contains(instant.description), "\(text) \(random.seed): \(words)")
                #expect(words.contains("were set back"), "\(text) \(random.seed): \(words)")
            }
        }
        #expect(ambiguous > 0)
    }

    /// An instant within some hours of a change of the clocks, or anywhere.
    private static func instant(in zone: TimeZone, _ random: inout SeededRandom) throws -> PostgresTimestamp {
        let any = Int64.random(in: 0...1_200_000_000, using: &random)
        let instant = PostgresTimestamp(
            microseconds: any * 1_000_000 + Int64.random(in: 0..<1_000_000, using: &random))
        guard Bool.random(using: &random),
            let change = zone.nextDaylightSavingTimeTransition(
                after: Foundation.Date(timeIntervalSinceReferenceDate: Double(any)))
        else { return instant }
        let seconds = Int64(change.timeIntervalSince1970) - 946_684_800
        return PostgresTimestamp(microseconds: seconds * 1_000_000)
            .advanced(byMicroseconds: Int64.random(in: -7_300_000_000...7_300_000_000, using: &random))
    }
}
