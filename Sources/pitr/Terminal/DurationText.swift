import Notation

/// Durations for people: `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`.
enum DurationText {
    static func of(_ seconds: Double) -> String {
        if seconds < 9.95 { return ByteText.decimals(max(seconds, 0), 1) + " s" }
        let whole = Int(min(seconds, 1e9).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
        return "\(whole / 3600) h \(twoDigits(whole / 60 % 60)) min"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
