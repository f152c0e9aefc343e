import Foundation
import Platform
import PostgresFormat

/// A clock time as it was typed, with its day and its zone; which instant that is depends on now.
struct WrittenMoment {
    enum Day {
        /// `2026-11-29`.
        case date(String)
        case today, yesterday
        /// No day: the last such clock time that has passed.
        case lastPassed
    }

    let text: String
    let day: Day
    /// As `HH:MM:SS`, with or without a fraction.
    let clock: String
    /// As it was typed; nil is UTC.
    let zone: WrittenZone?

    private static let shape =
        "it should look like 04:37, 04:37:59, '2026-03-22 18:20', 'yesterday 18:00', "
        + "'yesterday 18:00 Europe/Paris', '10 minutes ago' or 2026-03-22T18:20:22.123456Z"

    /// Throws `.usage` with what is wrong.
    init(_ text: String, here: TimeZone) throws(Problem) {
        self.text = text
        var words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard let first = words.first else { throw MomentText.malformed(text, Self.shape) }
        switch first.lowercased() {
        case "today": day = .today
        case "yesterday": day = .yesterday
        default:
            if let (date, rest) = Self.date(first) {
                day = .date(date)
                words[0] = rest
            } else {
                day = .lastPassed
                words.insert("", at: 0)
            }
        }
        switch day {
        // What is left of a date and its clock time in one word, `2026-03-22T18:20`.
        case .date where !words[0].isEmpty: break
        default: words.removeFirst()
        }
        guard let typed = words.first else {
            throw MomentText.malformed(text, "say at what time of that day: '\(first) 18:00'")
        }
        guard let (clock, glued) = Self.clock(typed) else { throw MomentText.malformed(text, Self.shape) }
        self.clock = clock
        let zones = (glued.isEmpty ? [] : [glued]) + words.dropFirst()
        guard zones.count <= 1 else {
            throw MomentText.malformed(
                text,
                glued.isEmpty ? Self.shape : "it has an offset and a zone; one of them is enough")
        }
        zone = try zones.first.map { (name) throws(Problem) in
            try WrittenZone(name, here: here, in: text)
        }
    }

    var timeZone: TimeZone { zone?.zone ?? .gmt }

    /// The date that a clock of the zone shows so many days before `now`.
    func date(of now: PostgresTimestamp, daysBefore days: Int64) -> String {
        let local = now.advanced(bySeconds: LocalTime.offset(at: now, in: timeZone) - days * 86_400)
        return String(local.description.prefix { $0 != "T" })
    }

    /// The instants at which the clock showed this time on that day.
    ///
    /// Throws `.usage` where there is no such date or time.
    func readings(on date: String) throws(Problem) -> ClockReadings {
        switch TimestampParser.parse(date + " " + clock) {
        case .success(let parsed): return ClockReadings(of: parsed.instant, in: timeZone)
        case .failure(.shape): throw MomentText.malformed(text, Self.shape)
        case .failure(.noSuchInstant): throw MomentText.malformed(text, "there is no such date or time")
        case .failure(.tooPrecise):
            throw MomentText.malformed(text, "PostgreSQL keeps microseconds, at most six digits")
        }
    }

    // MARK: Its parts

    /// `2026-03-22`, alone or in front of `T` and a clock time, which is the rest.
    private static func date(_ word: String) -> (date: String, rest: String)? {
        guard let match = word.wholeMatch(of: /(\d{4}-\d{2}-\d{2})(?:[Tt](.+))?/) else { return nil }
        return (String(match.1), match.2.map(String.init) ?? "")
    }

    /// `9:00`, `04:37:59.5`; behind it, without a blank, there may be `Z` or an offset.
    private static func clock(_ word: String) -> (clock: String, zone: String)? {
        guard let match = word.wholeMatch(of: /(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(|[Zz]|[+-].+)/) else {
            return nil
        }
        let hour = match.1.count == 1 ? "0" + match.1 : String(match.1)
        return ("\(hour):\(match.2):\(match.3 ?? "00")", String(match.4))
    }
}

/// When a clock of a zone shows a local time: once, twice when clocks are set back, never when they are set
/// forward.
struct ClockReadings {
    let instants: [PostgresTimestamp]
    private let local: PostgresTimestamp
    private let zone: TimeZone

    /// - Parameter local: what the clock shows, as if it were UTC.
    init(of local: PostgresTimestamp, in zone: TimeZone) {
        instants = LocalTime.instants(local, in: zone)
        self.local = local
        self.zone = zone
    }

    /// What it means, or would mean where it never was.
    private var meanings: [PostgresTimestamp] {
        instants.isEmpty ? LocalTime.readings(local, in: zone) : instants
    }

    var earliest: PostgresTimestamp { meanings.first ?? local }

    /// Throws `.usage` with both readings where there is not exactly one.
    func only(_ written: WrittenMoment) throws(Problem) -> PostgresTimestamp {
        if let instant = instants.first, instants.count == 1 { return instant }
        let readings = meanings.map { "\($0) (\(LocalTime.text($0, in: zone)))" }
        throw Problem(
            .usage,
            "'\(written.text)' is \(instants.isEmpty ? "a time that never was" : "more than one time")",
            detail: instants.isEmpty
                ? "clocks in \(zone.identifier) were set forward and never showed it; it would be "
                    + readings.joined(separator: " or ")
                : "clocks in \(zone.identifier) were set back and showed it \(instants.count) times: at "
                    + readings.joined(separator: " and at "),
            hint: "Give one of these in UTC.")
    }
}
