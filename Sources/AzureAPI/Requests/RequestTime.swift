import PostgresFormat

/// Instants as Azure's clients write them.
enum RequestTime {
    /// RFC 3339 with `Z`, an offset or no zone, which is UTC, or a date alone, which is its midnight.
    ///
    /// PostgreSQL keeps microseconds. What clients write beyond six digits is cut off: the state at a time
    /// has all that was committed up to it, and nothing is committed between two microseconds.
    static func parse(_ text: String) -> PostgresTimestamp? {
        let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        guard case .success(let parsed) = TimestampParser.parse(cut(whole)) else { return nil }
        return parsed.instant
    }

    private static func cut(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text }
        let fraction = text[text.index(after: point)...].prefix { $0.isASCII && $0.isNumber }
        guard fraction.count > 6, fraction.count <= 32 else { return text }
        return String(text[...point] + fraction.prefix(6) + text[fraction.endIndex...])
    }
}
