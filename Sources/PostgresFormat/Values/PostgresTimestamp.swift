/// An instant as PostgreSQL keeps it: microseconds since 2000-01-01 00:00:00 UTC, without leap seconds.
public struct PostgresTimestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Microseconds since 2000-01-01 00:00:00 UTC.
    public let microseconds: Int64

    /// Seconds from 1970-01-01 to 2000-01-01.
    private static let unixOffset: Int64 = 946_684_800
    /// From 0001-01-01 to the end of 9999, in seconds since 1970: what a text with four digits can name.
    private static let nameableSeconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Microseconds since 1970-01-01 00:00:00 UTC; what does not fit becomes the earliest instant.
    public init(unixMicroseconds: Int64) {
        let (value, overflow) = unixMicroseconds.subtractingReportingOverflow(Self.unixOffset * 1_000_000)
        microseconds = overflow ? .min : value
    }

    /// Seconds since 1970-01-01 00:00:00 UTC, of any origin: what is before the year 1 or behind 9999 becomes
    /// the first or the last second of them, so that it can be read back from every text.
    public init(unixSeconds: Int64) {
        let range = Self.nameableSeconds
        let seconds = min(max(unixSeconds, range.lowerBound), range.upperBound)
        self.init(unixMicroseconds: seconds * 1_000_000)
    }

    /// Microseconds since 1970-01-01 00:00:00 UTC; the last instants, which only damaged bytes name, are one.
    public var unixMicroseconds: Int64 {
        let (value, overflow) = microseconds.addingReportingOverflow(Self.unixOffset * 1_000_000)
        return overflow ? .max : value
    }

    public static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    public func advanced(byMicroseconds delta: Int64) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: microseconds &+ delta)
    }

    public func advanced(bySeconds seconds: Int64) -> PostgresTimestamp {
        advanced(byMicroseconds: seconds &* 1_000_000)
    }

    /// RFC 3339 in UTC, with six fractional digits: `2026-03-31T22:02:13.876954Z`.
    public var description: String { text(separator: "T", suffix: "Z", fraction: true) }

    /// RFC 3339 in UTC, whole seconds.
    public var wholeSeconds: String { text(separator: "T", suffix: "Z", fraction: false) }

    /// As PostgreSQL reads it in `recovery_target_time`: `2026-03-31 22:02:13.876954+00`.
    public var sqlText: String { text(separator: " ", suffix: "+00", fraction: true) }

    /// Year, month, day, hour, minute, second, microsecond in UTC (proleptic Gregorian calendar).
    public var components: CalendarFields {
        let unix = unixMicroseconds
        var days = unix / 86_400_000_000
        var rest = unix % 86_400_000_000
        if rest < 0 {
            rest += 86_400_000_000
            days -= 1
        }
        let date = CalendarFields.civil(fromDays: days)
        return CalendarFields(
            year: date.year, month: date.month, day: date.day, hour: Int(rest / 3_600_000_000),
            minute: Int(rest / 60_000_000 % 60), second: Int(rest / 1_000_000 % 60),
            microsecond: Int(rest % 1_000_000))
    }

    private func text(separator: String, suffix: String, fraction: Bool) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        func add(_ value: Int, _ width: Int, behind mark: Character? = nil) {
            if let mark { text.append(contentsOf: mark.utf8) }
            let digits = String(value).utf8
            for _ in digits.count..<max(width, digits.count) { text.append(UInt8(ascii: "0")) }
            text.append(contentsOf: digits)
        }
        let parts = components
        add(parts.year, 4)
        add(parts.month, 2, behind: "-")
        add(parts.day, 2, behind: "-")
        text.append(contentsOf: separator.utf8)
        add(parts.hour, 2)
        add(parts.minute, 2, behind: ":")
        add(parts.second, 2, behind: ":")
        if fraction { add(parts.microsecond, 6, behind: ".") }
        text.append(contentsOf: suffix.utf8)
        return String(decoding: text, as: UTF8.self)
    }
}

/// A date and a time of day in UTC.
public struct CalendarFields: Hashable, Sendable {
    public var year: Int
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int
    public var microsecond: Int

    public init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.microsecond = microsecond
    }

    /// The instant, if the fields name a real one (29 February only in leap years, no leap seconds).
    public var timestamp: PostgresTimestamp? {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second),
            (0...999_999).contains(microsecond)
        else { return nil }
        let seconds =
            Self.days(year: year, month: month, day: day) * 86_400
            + Int64(hour * 3600 + minute * 60 + second)
        return PostgresTimestamp(unixMicroseconds: seconds * 1_000_000 + Int64(microsecond))
    }

    public static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01; the well-known era arithmetic, with March as the first month of a year.
    static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        return (Int(yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)), Int(civilMonth), Int(day))
    }
}

extension PostgresTimestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard case .success(let parsed) = TimestampParser.parse(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an instant: \(text)")
        }
        self = parsed.instant
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
