#if canImport(Glibc)
    import Glibc
#endif

/// Amounts with units, as PostgreSQL reads them in its settings.
enum ParameterUnit {
    private static let memory: [String: Double] = [
        "B": 1, "kB": 1024, "MB": 1_048_576, "GB": 1_073_741_824, "TB": 1_099_511_627_776,
    ]
    private static let time: [String: Double] = [
        "us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]

    /// The amount in `unit` (as `pg_settings.unit`, for example `8kB`; nil for plain numbers), or nil when
    /// the text is no number or its unit does not fit.
    static func amount(_ text: String, in unit: String?) -> Double? {
        let trimmed = text.filter { !$0.isWhitespace }
        let number = trimmed.prefix { "+-.0123456789".contains($0) }
        var digits = String(number)
        var suffix = String(trimmed.dropFirst(number.count))
        // An exponent is part of the number: 1e-5.
        if suffix.first == "e" || suffix.first == "E" {
            let exponent = suffix.dropFirst().prefix { "+-0123456789".contains($0) }
            if !exponent.isEmpty {
                digits += "e" + exponent
                suffix = String(suffix.dropFirst(1 + exponent.count))
            }
        }
        guard let value = Double(digits), value.isFinite else { return nil }
        if suffix.isEmpty { return value }
        guard let unit, let (table, base) = table(of: unit), let factor = table[suffix] else { return nil }
        return value * factor / base
    }

    /// The units that go with `unit`, and how much one of it is in their terms.
    private static func table(of unit: String) -> ([String: Double], Double)? {
        let count = unit.prefix { $0.isNumber }
        let name = String(unit.dropFirst(count.count))
        let times = Double(count) ?? 1
        if let factor = memory[name] { return (memory, times * factor) }
        if let factor = time[name] { return (time, times * factor) }
        return nil
    }

    /// The number without a fraction where it has none.
    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : value.description
    }
}
