/// How long a restore took beside those of earlier drills.
public struct DrillTrend: Codable, Sendable, Hashable {
    /// In seconds.
    public var median: Double
    /// How many earlier restores it is the median of; the newest ten.
    public var count: Int
    /// This restore's time by the median.
    public var ratio: Double
    public var isRegression: Bool

    /// Fewer have no median worth the name.
    static let fewest = 3
    public static let most = 10
    /// A restore of a second takes twice as long for no reason at all.
    private static let leastSeconds = 2.0
    private static let leastRatio = 1.5

    /// - Parameter earlier: seconds of restores that were complete, the newest first.
    /// - Returns: nil where there are too few.
    public static func judge(_ seconds: Double, earlier: [Double]) -> DrillTrend? {
        let known = earlier.prefix(most).sorted()
        guard known.count >= fewest else { return nil }
        let middle = known.count / 2
        let median = known.count.isMultiple(of: 2) ? (known[middle - 1] + known[middle]) / 2 : known[middle]
        guard median > 0 else { return nil }
        let ratio = seconds / median
        return DrillTrend(
            median: median, count: known.count, ratio: ratio,
            isRegression: ratio >= leastRatio && seconds - median >= leastSeconds)
    }

    /// `restore 2.1 × slower than the median of ten`.
    public var words: String {
        let number = count == 10 ? "ten" : String(count)
        let times = ratio >= 1 ? ratio : 1 / max(ratio, 0.01)
        let rounded = (times * 10).rounded() / 10
        guard rounded > 1 else { return "restore as fast as the median of \(number)" }
        return "restore \(rounded) × \(ratio >= 1 ? "slower" : "faster") than the median of \(number)"
    }
}
