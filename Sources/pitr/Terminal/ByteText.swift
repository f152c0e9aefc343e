/// Sizes and durations for people.
enum ByteText {
    /// `512 B`, `16.0 MiB`, `1.25 GiB`.
    static func size(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        while value >= 1023.95 && unit < 4 {
            value /= 1024
            unit += 1
        }
        return decimals(value, unit >= 3 ? 2 : 1) + " " + ["B", "KiB", "MiB", "GiB", "TiB"][unit]
    }

    /// `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`.
    static func duration(_ seconds: Double) -> String {
        if seconds < 9.95 { return decimals(max(seconds, 0), 1) + " s" }
        let whole = Int(min(seconds, 1e9).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
        return "\(whole / 3600) h \(twoDigits(whole / 60 % 60)) min"
    }

    static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    static func decimals(_ value: Double, _ places: Int) -> String {
        if places == 0 { return String(Int(value.rounded())) }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
