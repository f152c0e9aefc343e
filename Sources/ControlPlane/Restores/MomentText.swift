public import Foundation
public import Platform
public import PostgresFormat

/// An instant as people write it.
///
/// RFC 3339 with an offset, `Z` or no zone (then UTC); a date or `today` or `yesterday` with a clock time; a
/// clock time alone, which is the last such time that has passed; each with a zone behind it,
/// `yesterday 18:00 Europe/Paris`; or how long ago, `10 minutes ago`.
public enum MomentText {
    public struct Moment: Hashable, Sendable {
        public let instant: PostgresTimestamp
        /// How the text was understood, where it leaves something open: in UTC and in this machine's zone.
        public let note: String?
    }

    /// - Parameter here: this machine's zone, which `local` means.
    ///
    /// Throws `.usage` with what is wrong, and with both readings of a local time that is ambiguous or never
    /// was.
    public static func read(
        _ text: String, now: PostgresTimestamp, here: TimeZone = .current
    ) throws(Problem) -> Moment {
        if let ago = try ago(text, now: now, here) { return ago }
        if case .success(let parsed) = TimestampParser.parse(text), parsed.hadZone {
            return Moment(instant: parsed.instant, note: nil)
        }
        let written = try WrittenMoment(text, here: here)
        let instant = try instant(of: written, now: now)
        let told = LocalTime.both(instant, here)
        return Moment(
            instant: instant,
            note: written.zone == nil
                ? "'\(text)' names no time zone: taken as UTC, \(told)." : "'\(text)' is \(told).")
    }

    static func malformed(_ text: String, _ detail: String, hint: String? = nil) -> Problem {
        Problem(
            .usage,
            "The restore point in time value has incorrect date format. "
                + "Use ISO format e.g., 2026-03-22T18:20:22+00:00.",
            detail: "'\(text)': \(detail)", hint: hint)
    }

    // MARK: How long ago

    static let units: [String: Int64] = [
        "second": 1, "seconds": 1, "sec": 1, "secs": 1, "s": 1, "minute": 60, "minutes": 60, "min": 60,
        "mins": 60, "hour": 3600, "hours": 3600, "h": 3600, "day": 86_400, "days": 86_400, "week": 604_800,
        "weeks": 604_800,
    ]

    /// `10 minutes ago`, `an hour ago`, `1 day 2 hours ago`; nil when the text does not end with `ago`.
    private static func ago(
        _ text: String, now: PostgresTimestamp, _ here: TimeZone
    ) throws(Problem) -> Moment? {
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
        return Moment(instant: instant, note: "'\(text)' is \(LocalTime.both(instant, here)).")
    }

    // MARK: What a clock showed

    private static func instant(
        of written: WrittenMoment, now: PostgresTimestamp
    ) throws(Problem) -> PostgresTimestamp {
        switch written.day {
        case .date(let date): return try only(written, on: date)
        case .today: return try only(written, on: written.date(of: now, daysBefore: 0))
        case .yesterday: return try only(written, on: written.date(of: now, daysBefore: 1))
        case .lastPassed:
            let today = try written.readings(on: written.date(of: now, daysBefore: 0))
            let passed = today.instants.filter { $0 <= now }
            // Of a time that comes twice today, the first may have passed and the second not.
            if passed.count == 1 { return passed[0] }
            if today.earliest <= now { return try today.only(written) }
            return try only(written, on: written.date(of: now, daysBefore: 1))
        }
    }

    private static func only(_ written: WrittenMoment, on date: String) throws(Problem) -> PostgresTimestamp {
        try written.readings(on: date).only(written)
    }
}
