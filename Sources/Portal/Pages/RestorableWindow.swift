/// How far back a server can be restored, as words and as a bar over its retention.
public struct RestorableWindow: Sendable {
    /// As on a clock in UTC; empty before the first backup.
    public var earliest = ""
    public var latest = ""
    /// As on a clock of this machine; empty where that shows UTC.
    public var earliestHere = ""
    public var latestHere = ""
    /// Between the two, in seconds.
    public var span: Int64 = 0
    public var retentionDays = 7

    public init() {}

    /// Of the retention that is covered, between 0 and 100; never so little that it cannot be seen.
    var percent: Int {
        guard span > 0, retentionDays > 0 else { return 0 }
        return min(100, max(2, Int(span * 100 / (Int64(retentionDays) * 86_400))))
    }

    /// `1 h 20 min of 7 days`
    var words: String {
        guard !earliest.isEmpty else { return "after the first backup" }
        return "\(Self.spanWords(span)) of \(retentionDays) days"
    }

    static func spanWords(_ seconds: Int64) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
        if days > 0 { return "\(days) d \(hours) h" }
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min" : "\(seconds) s"
    }

    /// The bar's end is now; what is covered reaches back from it.
    var html: HTML {
        tag("div", ["class": "window"]) {
            tag(
                "svg",
                [
                    "viewBox": "0 0 100 6", "preserveAspectRatio": "none", "role": "img",
                    "aria-label": earliest.isEmpty ? "not restorable yet" : "from \(earliest) to \(latest)",
                ]
            ) {
                tag("rect", ["class": "track", "width": "100", "height": "6", "rx": "1"], "")
                tag(
                    "rect",
                    [
                        "class": "held", "x": String(100 - percent), "width": String(percent), "height": "6",
                        "rx": "1",
                    ], "")
            }
            tag("span", ["class": "sub"], words)
        }
    }
}
