/// Sizes for people: `512 B`, `16.0 MiB`, `1.25 GiB`.
public enum ByteText {
    public static func of(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes)
        var unit = 0
        // What would be rounded to 1024.0 is one of the next unit.
        while value >= 1023.95 && unit < 5 {
            value /= 1024
            unit += 1
        }
        return decimals(value, unit >= 3 ? 2 : 1) + " " + ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit]
    }

    /// - Parameters:
    ///   - value: not negative, and small enough for 64 bits without its point.
    ///   - places: digits behind the point; 0 leaves the point out.
    public static func decimals(_ value: Double, _ places: Int) -> String {
        if places == 0 { return String(Int(value.rounded())) }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
