/// One fixed instant, and how clocks show it. Whatever is shown of it, in whichever zone, it stays the same.
public struct Moment: Sendable, Hashable {
    /// Microseconds since 1970.
    public var microseconds: Int64
    /// `2026-11-29 04:37:12.345678`
    public var utc: String
    /// `2026-11-29 05:37:12.345678+01:00`, as a clock of this machine shows it; empty where that shows UTC.
    public var here: String

    public init(_ microseconds: Int64, utc: String, here: String = "") {
        self.microseconds = microseconds
        self.utc = utc
        self.here = here
    }
}

/// Where a time axis has its marks.
public enum TimeAxis {
    private static let second: Int64 = 1_000_000

    /// What may lie between two marks, in microseconds: what people count in.
    static let steps: [Int64] =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap { [$0, $0 * 1000] }.sorted()
        + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
        .map { $0 * second }
        + [2, 7, 14].map { $0 * 86_400 * second }

    /// The step between marks, so that there are at most `most` of them.
    public static func step(from: Int64, to: Int64, most: Int = 9) -> Int64 {
        let span = max(1, to - from)
        return steps.first { span / $0 < Int64(most) } ?? span
    }

    /// The marks, whole multiples of the step.
    public static func marks(from: Int64, to: Int64, most: Int = 9) -> [Int64] {
        guard to > from else { return [] }
        let step = step(from: from, to: to, most: most)
        let first = (from + step - 1) / step * step
        return Array(stride(from: first, through: to, by: Int64.Stride(step)))
    }

    /// As much of a time as the step needs: `11-29`, `04:37`, `04:37:12`, `:12.345`.
    static func label(_ text: String, step: Int64) -> String {
        func part(_ from: Int, _ to: Int) -> String { String(text.dropFirst(from).prefix(to - from)) }
        if step >= 86_400 * second || part(11, 19) == "00:00:00" && step >= 60 * second { return part(5, 10) }
        if step >= 60 * second { return part(11, 16) }
        if step >= second { return part(11, 19) }
        return part(16, step >= 1000 ? 23 : 26)
    }
}

/// From one instant to another.
public struct Span: Sendable, Hashable {
    public var from: Moment
    public var to: Moment

    public init(_ from: Moment, _ to: Moment) {
        self.from = from
        self.to = to
    }

    var length: Int64 { max(1, to.microseconds - from.microseconds) }

    /// Where an instant lies in it, in thousandths of a percent, held within its ends: `12.345%`.
    func place(_ microseconds: Int64) -> String { Self.percent(share(microseconds)) }

    /// In thousandths of a percent.
    func share(_ microseconds: Int64) -> Int64 {
        let inside = min(max(microseconds, from.microseconds), to.microseconds) - from.microseconds
        return Int64((Double(inside) / Double(length) * 100_000).rounded())
    }

    func holds(_ microseconds: Int64) -> Bool {
        microseconds >= from.microseconds && microseconds <= to.microseconds
    }

    static func percent(_ thousandths: Int64) -> String {
        let rest = String(thousandths % 1000 + 1000).dropFirst()
        return "\(thousandths / 1000).\(rest)%"
    }
}
