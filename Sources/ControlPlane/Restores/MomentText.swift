public import Platform
public import PostgresFormat

/// An instant as people write it.
///
/// RFC 3339 with an offset, `Z` or no zone (then UTC); the same with the name of a zone behind it,
/// `2026-03-22 19:20:22 Europe/Paris`; or how long ago, `10 minutes ago`.
public enum MomentText {
    public struct Moment: Hashable, Sendable {
        public let instant: PostgresTimestamp
        /// How the text was understood, where it leaves something open.
        public let note: String?
    }

    /// Throws `.usage` with what is wrong, and with both readings of a local time that is ambiguous or never
    /// was.
    public static func read(_ text: String, now: PostgresTimestamp) throws(Problem) -> Moment {
        if let ago = try ago(text, now: now) { return ago }
        if let zoned = try zoned(text) { return zoned }
        switch TimestampParser.parse(text) {
        case .success(let parsed):
            return Moment(
                instant: parsed.instant,
                note: parsed.hadZone
                    ? nil : "'\(text)' names no time zone: taken as UTC, \(parsed.instant).")
        case .failure(let failure): throw malformed(text, failure)
        }
    }

    private static func malformed(_ text: String, _ failure: TimestampParser.Failure) -> Problem {
        let detail =
            switch failure {
            case .shape:
                "it should look like 2026-03-22T18:20:22.123456Z, …+02:00, '2026-03-22 18:20:22 Europe/Paris' "
                    + "or '10 minutes ago'"
            case .noSuchInstant: "there is no such date or time"
            case .tooPrecise: "PostgreSQL keeps microseconds, at most six digits"
            }
        return malformed(text, detail)
    }

    private static func malformed(_ text: String, _ detail: String, hint: String? = nil) -> Problem {
        Problem(
            .usage,
            "The restore point in time value has incorrect date format. "
                + "Use ISO format e.g., 2026-03-22T18:20:22+00:00.",
            detail: "'\(text)': \(detail)", hint: hint)
    }

    // MARK: How long ago

    private static let units: [String: Int64] = [
        "second": 1, "seconds": 1, "sec": 1, "secs": 1, "s": 1, "minute": 60, "minutes": 60, "min": 60,
        "mins": 60, "hour": 3600, "hours": 3600, "h": 3600, "day": 86_400, "days": 86_400, "week": 604_800,
        "weeks": 604_800,
    ]

    /// `10 minutes ago`, `an hour ago`, `1 day 2 hours ago`; nil when the text does not end with `ago`.
    private static func ago(_ text: String, now: PostgresTimestamp) throws(Problem) -> Moment? {
        var words = text.lowercased().split(separator: " ").filter { $0 != "and" }
        guard words.last == "ago" else { return nil }
        words.removeLast()
        guard !words.isEmpty, words.count % 2 == 0 else {
            throw malformed(text, "it should look like '10 minutes ago' or '1 hour 30 minutes ago'")
        }
        var total: Int64 = 0
        for index in stride(from: 0, to: words.count, by: 2) {
            let isOne = words[index] == "a" || words[index] == "an"
            guard words[index].utf8.count <= 9, let count = isOne ? 1 : UInt32(words[index]) else {
                throw malformed(text, "'\(words[index])' is no whole number")
            }
            guard let unit = units[String(words[index + 1])] else {
                throw malformed(
                    text, "'\(words[index + 1])' is no unit: seconds, minutes, hours, days, weeks")
            }
            total += Int64(count) * unit
        }
        // A hundred years: nothing older can be held, and the arithmetic stays far from its limits.
        guard total <= 36_525 * 86_400 else { throw malformed(text, "that is too long ago") }
        let instant = now.advanced(bySeconds: -total)
        return Moment(instant: instant, note: "'\(text)' is \(instant).")
    }

    // MARK: A local time

    /// Nil when the text has no name behind a blank.
    private static func zoned(_ text: String) throws(Problem) -> Moment? {
        guard let blank = text.lastIndex(of: " ") else { return nil }
        let name = String(text[text.index(after: blank)...])
        guard let first = name.first, first.isLetter else { return nil }
        let clock = String(text[..<blank])
        let local: PostgresTimestamp
        switch TimestampParser.parse(clock) {
        case .success(let parsed) where !parsed.hadZone: local = parsed.instant
        case .success: throw malformed(text, "it has an offset and a zone; one of them is enough")
        case .failure(let failure): throw malformed(text, failure)
        }
        guard let zone = LocalTime.zone(name) else {
            throw malformed(
                text, "there is no time zone '\(name)' in the zone database",
                hint: name.contains("/")
                    ? "Names look like Europe/Paris; letter case matters."
                    : "Short names mean several zones; use one like Europe/Paris, or an offset.")
        }
        let instants = LocalTime.instants(local, in: zone)
        if let instant = instants.first, instants.count == 1 {
            return Moment(instant: instant, note: "'\(text)' is \(instant).")
        }
        let readings = (instants.isEmpty ? LocalTime.readings(local, in: zone) : instants).map { reading in
            "\(reading) (\(LocalTime.text(reading, in: zone)))"
        }
        throw Problem(
            .usage, "'\(text)' is \(instants.isEmpty ? "a time that never was" : "more than one time")",
            detail: instants.isEmpty
                ? "clocks in \(name) were set forward and never showed it; it would be "
                    + readings.joined(separator: " or ")
                : "clocks in \(name) were set back and showed it \(instants.count) times: at "
                    + readings.joined(separator: " and at "),
            hint: "Give one of these in UTC.")
    }
}
