import Foundation
import Platform
import PostgresFormat
import ServiceModel
import TestKit
import Testing
import TestValues

@testable import ControlPlane

/// Instants as people write them.
struct MomentTextTests {
    private static let now = PostgresTimestamp(microseconds: 840_000_000_123_456)

    private func read(_ text: String) throws -> String {
        try MomentText.read(text, now: Self.now, here: .gmt).instant.description
    }

    private func refusal(_ text: String) -> String {
        do throws(Problem) {
            return "taken as \(try MomentText.read(text, now: Self.now, here: .gmt).instant)"
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
        let moment = try MomentText.read(text, now: Self.now, here: .gmt)
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
        "2026-07-22 25:20:22 Europe/Paris", "2026-02-30 10:00:00 Europe/Paris", "ago", "18", "9", "18:2",
        "18:20:2",
        "10 ago", "ten minutes ago", "10 fortnights ago", "-10 minutes ago", "10.5 minutes ago",
        "minutes ago", "24:00", "18:60", "9:00 am", "tomorrow 9:00", "2026-11-29", "today",
        "today Europe/Paris",
        "18:20:22.1234567", "18:20+02:00 CET", "18:20 CET CET", "18:20 +2", "18:20+99", "18:20 IST",
        "18:20 BST",
        "yesterday yesterday 18:00", "2026-11-29T", "2026-11-31 10:00", "18:20 local local", "٠٤:٣٧",
        "18:20 -",
        "99999999999999999999 days ago", "4294967295 weeks ago", "yesterday", "", " ", "Europe/Paris",
        "2026-07-22 18:20:22 ../../etc/passwd", "2026-07-22 18:20:22 Europe/",
    ])
    func `refuses what it does not understand`(_ text: String) {
        #expect(refusal(text).contains("incorrect date format"), "\(refusal(text))")
    }

    /// Now is 2026-08-14T21:20:00.123456Z; here it is Paris.
    @Test(arguments: [
        ("04:37", "2026-08-14T04:37:00.000000Z"), ("4:37", "2026-08-14T04:37:00.000000Z"),
        ("04:37:59", "2026-08-14T04:37:59.000000Z"), ("04:37:59.25", "2026-08-14T04:37:59.250000Z"),
        ("21:20", "2026-08-14T21:20:00.000000Z"), ("21:20:00.123456", "2026-08-14T21:20:00.123456Z"),
        ("21:20:00.123457", "2026-08-13T21:20:00.123457Z"), ("23:59", "2026-08-13T23:59:00.000000Z"),
        ("2026-07-29 04:37", "2026-07-29T04:37:00.000000Z"),
        ("2026-07-29T04:37", "2026-07-29T04:37:00.000000Z"),
        ("2026-07-29T4:37Z", "2026-07-29T04:37:00.000000Z"),
        ("2026-07-29 04:37+02:00", "2026-07-29T02:37:00.000000Z"),
        ("yesterday 18:00", "2026-08-13T18:00:00.000000Z"), ("today 9:00", "2026-08-14T09:00:00.000000Z"),
        ("Today 23:00", "2026-08-14T23:00:00.000000Z"), ("04:37Z", "2026-08-14T04:37:00.000000Z"),
        ("04:37 utc", "2026-08-14T04:37:00.000000Z"), ("04:37-0330", "2026-08-14T08:07:00.000000Z"),
        ("yesterday 18:00 Europe/Paris", "2026-08-13T16:00:00.000000Z"),
        ("yesterday 18:00 europe/paris", "2026-08-13T16:00:00.000000Z"),
        // It is the 15th there already.
        ("yesterday 18:00 Asia/Tokyo", "2026-08-14T09:00:00.000000Z"),
        ("today 0:30 Asia/Tokyo", "2026-08-14T15:30:00.000000Z"),
        ("06:30 Asia/Tokyo", "2026-08-13T21:30:00.000000Z"),
        ("06:20 Asia/Tokyo", "2026-08-14T21:20:00.000000Z"),
        ("04:37 local", "2026-08-14T02:37:00.000000Z"), ("23:21 local", "2026-08-13T21:21:00.000000Z"),
        ("04:37 CET", "2026-08-14T03:37:00.000000Z"), ("04:37 CEST", "2026-08-14T02:37:00.000000Z"),
        ("2026-07-29 04:37 EST", "2026-07-29T09:37:00.000000Z"),
    ])
    func `reads a clock time of a day, or the last one that has passed`(_ text: String, _ instant: String)
        throws
    {
        let moment = try MomentText.read(text, now: Self.evening, here: Self.paris)
        #expect(moment.instant.description == instant)
        if text.contains("T4") || text.contains("29 04:37+") { return }
        #expect(try #require(moment.note).contains(instant))
    }

    /// 2026-08-14T21:20:00.123456Z
    private static let evening = PostgresTimestamp(microseconds: 840_057_600_123_456)
    private static let paris = LocalTime.zone("Europe/Paris") ?? .gmt

    @Test func `says a time in UTC and as this machine's clock shows it`() throws {
        let bare = try MomentText.read("23:59", now: Self.evening, here: Self.paris)
        #expect(
            bare.note
                == "'23:59' names no time zone: taken as UTC, 2026-08-13T23:59:00.000000Z, "
                + "here 2026-08-14 01:59:00.000000+02:00 (Europe/Paris).")
        let local = try MomentText.read("23:21 local", now: Self.evening, here: Self.paris)
        #expect(
            local.note
                == "'23:21 local' is 2026-08-13T21:21:00.000000Z, "
                + "here 2026-08-13 23:21:00.000000+02:00 (Europe/Paris).")
        let ago = try MomentText.read("2 hours ago", now: Self.evening, here: Self.paris)
        #expect(try #require(ago.note).hasSuffix("here 2026-08-14 21:20:00.123456+02:00 (Europe/Paris)."))
        #expect(try MomentText.read("2026-07-29T04:37:00Z", now: Self.evening, here: Self.paris).note == nil)
    }

    /// Clocks in Paris are set back at 2026-10-25T01:00Z and forward at 2026-03-29T01:00Z.
    @Test(arguments: [
        // Before, between and after the two times that a clock shows 02:30.
        ("2026-10-25T00:00:00Z", "02:30 Europe/Paris", "2026-10-24T00:30:00"),
        ("2026-10-25T00:45:00Z", "02:30 Europe/Paris", "2026-10-25T00:30:00"),
        ("2026-10-25T01:45:00Z", "02:30 Europe/Paris", "more than one time"),
        ("2026-10-26T00:00:00Z", "02:30 Europe/Paris", "more than one time"),
        ("2026-10-26T02:00:00Z", "02:30 Europe/Paris", "2026-10-26T01:30:00"),
        ("2026-10-25T00:45:00Z", "today 02:30 Europe/Paris", "more than one time"),
        // Before and after the hour that no clock shows.
        ("2026-03-29T00:15:00Z", "02:30 Europe/Paris", "2026-03-28T01:30:00"),
        ("2026-03-29T04:00:00Z", "02:30 Europe/Paris", "never was"),
        ("2026-03-30T00:00:00Z", "02:30 Europe/Paris", "never was"),
        ("2026-03-30T00:45:00Z", "02:30 Europe/Paris", "2026-03-30T00:30:00"),
    ])
    func `takes the last time that has passed also when clocks change`(
        _ now: String, _ text: String, _ expected: String
    ) throws {
        let now = try TimestampParser.parse(now).get().instant
        do throws(Problem) {
            let moment = try MomentText.read(text, now: now, here: .gmt)
            #expect(moment.instant.description.contains(expected))
        } catch {
            #expect(error.description.contains(expected))
        }
    }

    @Test func `takes a bare clock time for the last one in any zone`() throws {
        var random = SeededRandom()
        let names = TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") }.sorted()
        for _ in 0..<1000 {
            let name = try #require(names.randomElement(using: &random))
            let zone = try #require(LocalTime.zone(name))
            let now = try Self.instant(in: zone, &random)
            let clock = "\(Int.random(in: 0...23, using: &random)):\(Int.random(in: 10...59, using: &random))"
            guard let instant = try? MomentText.read("\(clock) \(name)", now: now, here: .gmt).instant else {
                continue
            }
            let words = "\(clock) \(name) at \(now), \(random.seed)"
            #expect(instant <= now, "\(words)")
            // A day has 25 hours at most, and one that lacks the time is refused.
            #expect(now.microseconds - instant.microseconds < 25 * 3_600_000_000, "\(words)")
            let shown = LocalTime.text(instant, in: zone).dropFirst(11).prefix(5)
            #expect(shown == (clock.count == 4 ? "0" + clock : clock), "\(words)")
        }
    }

    @Test func `a clock's offset changes at the instants at which the clock is set`() {
        let first = PostgresTimestamp(unixMicroseconds: 1_767_225_600_000_000)
        let offsets = LocalTime.offsets(
            from: first, to: first.advanced(bySeconds: 365 * 86_400), in: Self.paris)
        #expect(offsets.map(\.seconds) == [3600, 7200, 3600])
        #expect(
            offsets.dropFirst().map { "\($0.from)" } == [
                "2026-03-29T01:00:00.000000Z", "2026-10-25T01:00:00.000000Z",
            ])
        #expect(LocalTime.offsets(from: first, to: first, in: Self.paris).count == 1)
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
                #expect(
                    try MomentText.read(text, now: Self.now, here: .gmt).instant == instant,
                    "\(text) \(random.seed)")
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

    @Test(arguments: ["18:00", "yesterday 18:00", "today 04:37:59", "2026-10-25 02:30", "2026-10-25T02:30"])
    func `a clock time without a zone is told as that`(text: String) {
        #expect(RequestedTime.namesNoZone(text))
    }

    @Test(arguments: [
        "18:00Z", "yesterday 18:00 Europe/Paris", "2026-10-25 02:30+02:00", "2026-10-25T02:30:00Z",
        "10 minutes ago", "nonsense", "",
    ])
    func `what has a zone, or is no clock time, is not`(text: String) {
        #expect(!RequestedTime.namesNoZone(text))
    }
}
