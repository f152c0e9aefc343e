public import Foundation
public import Platform
public import PostgresFormat
public import ServiceModel

/// When a copy is to be deleted, as people write it.
///
/// `8h`, `7d`, `2 weeks`; a day, which means its end in UTC; a day and a clock time, with a zone if need be;
/// `never`.
public enum ExpiryText {
    /// Throws `.usage` with what is wrong, and for a time that is over.
    public static func read(
        _ text: String, now: PostgresTimestamp, here: TimeZone = .current
    ) throws(Problem) -> RequestedExpiry {
        let typed = text.lowercased()
        if typed == "never" { return .never }
        if let seconds = try span(typed, text) { return .after(seconds: seconds) }
        let instant: PostgresTimestamp
        if let end = try day(typed, text, now) { instant = end } else { instant = try moment(text, here) }
        guard instant > now else {
            throw Problem(
                .usage, "'\(text)' is over, so that nothing can expire then",
                detail: "that was \(LocalTime.both(instant, here))",
                hint: "Give a time that is still to come, or a span such as 8h or 7d.")
        }
        return .at(instant)
    }

    private static func malformed(
        _ text: String, _ detail: String = "it is neither a span of time nor a day"
    ) -> Problem {
        Problem(
            .usage, "'\(text)' is no time at which something can expire", detail: detail,
            hint: "Give a span such as 8h, 7d or '1 day 12 hours', a day such as 2026-12-24, or "
                + "'2026-12-24 18:00 Europe/Paris'.")
    }

    private static let units: [String: Int64] = MomentText.units.merging(
        ["m": 60, "d": 86_400, "w": 604_800, "wk": 604_800]
    ) { $1 }

    /// `8h`, `1d12h`, `2 weeks`, `in 8 hours`; nil for what begins otherwise.
    private static func span(_ typed: String, _ text: String) throws(Problem) -> Int64? {
        var rest = typed[...]
        if rest.hasPrefix("in ") { rest = rest.dropFirst(3) }
        var total: Int64 = 0
        while let match = rest.prefixMatch(of: /([0-9]{1,9}) *([a-z]+) *(?:and +)?/) {
            guard let count = Int64(match.1), let unit = units[String(match.2)] else {
                throw malformed(text, "'\(match.2)' is no unit: minutes, hours, days, weeks")
            }
            total += count * unit
            rest = rest[match.range.upperBound...]
        }
        guard rest != typed[...] else { return nil }
        guard rest.isEmpty else { throw malformed(text) }
        // A hundred years: the arithmetic stays far from its limits.
        guard total > 0, total <= 36_525 * 86_400 else {
            throw malformed(text, total > 0 ? "that is too long" : "a copy needs some time")
        }
        return total
    }

    /// The end of a day in UTC.
    private static func day(
        _ typed: String, _ text: String, _ now: PostgresTimestamp
    ) throws(Problem) -> PostgresTimestamp? {
        let ahead: [String: Int64] = ["today": 0, "tomorrow": 1]
        let date =
            ahead[typed].map { days in
                String(now.advanced(bySeconds: days * 86_400).description.prefix { $0 != "T" })
            } ?? typed
        guard date.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil else { return nil }
        guard case .success(let parsed) = TimestampParser.parse(date + " 00:00:00") else {
            throw malformed(text, "there is no such date")
        }
        return parsed.instant.advanced(bySeconds: 86_400)
    }

    private static func moment(_ text: String, _ here: TimeZone) throws(Problem) -> PostgresTimestamp {
        if case .success(let parsed) = TimestampParser.parse(text), parsed.hadZone { return parsed.instant }
        guard let written = try? WrittenMoment(text, here: here), case .date(let date) = written.day else {
            throw malformed(text)
        }
        guard let readings = try? written.readings(on: date) else {
            throw malformed(text, "there is no such date or time")
        }
        return try readings.only(written)
    }
}
