/// Reads an instant strictly: RFC 3339, with an offset, `Z`, or no zone at all (then taken as UTC, and told).
public enum TimestampParser {
    public struct Parsed: Hashable, Sendable {
        public let instant: PostgresTimestamp
        /// False when the text named no zone and UTC was assumed.
        public let hadZone: Bool
    }

    /// Why a text is not an instant.
    public enum Failure: Error, Hashable, Sendable {
        /// The shape is not `YYYY-MM-DDTHH:MM:SS[.ffffff][Z|±HH:MM]`.
        case shape
        /// The shape is right, but there is no such date or time (31 April, 25 o'clock, second 60).
        case noSuchInstant
        /// More than six fractional digits: PostgreSQL keeps microseconds, and rounding would move the
        /// target.
        case tooPrecise
    }

    /// Accepts `T`, `t` or one space between date and time; trailing fractional zeros past six digits are no
    /// error.
    public static func parse(_ text: String) -> Result<Parsed, Failure> {
        var scanner = Scanner(bytes: Array(text.utf8))
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2),
            scanner.take("-"),
            let day = scanner.number(2), scanner.take("T") || scanner.take("t") || scanner.take(" "),
            let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2),
            scanner.take(":"),
            let second = scanner.number(2)
        else { return .failure(.shape) }
        var microsecond = 0
        if scanner.take(".") {
            let digits = scanner.digits()
            guard !digits.isEmpty else { return .failure(.shape) }
            guard digits.dropFirst(6).allSatisfy({ $0 == 0 }) else { return .failure(.tooPrecise) }
            for place in 0..<6 {
                microsecond = microsecond * 10 + (place < digits.count ? digits[place] : 0)
            }
        }
        var offset: Int64 = 0
        var hadZone = true
        if scanner.take("Z") || scanner.take("z") {
            offset = 0
        } else if scanner.atEnd {
            hadZone = false
        } else {
            let sign: Int64
            if scanner.take("+") {
                sign = 1
            } else if scanner.take("-") {
                sign = -1
            } else {
                return .failure(.shape)
            }
            guard let hours = scanner.number(2) else { return .failure(.shape) }
            var minutes = 0
            if !scanner.atEnd {
                _ = scanner.take(":")
                guard let read = scanner.number(2) else { return .failure(.shape) }
                minutes = read
            }
            guard hours <= 23, minutes <= 59 else { return .failure(.noSuchInstant) }
            offset = sign * Int64(hours * 3600 + minutes * 60)
        }
        guard scanner.atEnd else { return .failure(.shape) }
        let fields = CalendarFields(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second,
            microsecond: microsecond)
        guard let local = fields.timestamp else { return .failure(.noSuchInstant) }
        return .success(Parsed(instant: local.advanced(bySeconds: -offset), hadZone: hadZone))
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        var atEnd: Bool { position == bytes.count }

        mutating func take(_ character: Character) -> Bool {
            guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
            position += 1
            return true
        }

        mutating func digits() -> [Int] {
            var found: [Int] = []
            while position < bytes.count, (48...57).contains(bytes[position]) {
                found.append(Int(bytes[position]) - 48)
                position += 1
            }
            return found
        }

        mutating func number(_ width: Int) -> Int? {
            guard position + width <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[position..<position + width] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int(byte) - 48
            }
            position += width
            return value
        }
    }
}
