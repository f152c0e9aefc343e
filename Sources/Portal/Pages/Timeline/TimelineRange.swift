/// A part of the window that can be looked at: as a range of its own, or from the one that is open.
struct TimelineRange {
    var words: String
    /// What stands on its button.
    var sign = ""
    /// By which the keyboard finds it.
    var key = ""
    var from: Int64
    var to: Int64
    var isCurrent = false

    private static let second: Int64 = 1_000_000
    /// Nothing shorter is looked at.
    static let shortest: Int64 = 20
    private static let lengths: [(words: String, seconds: Int64)] = [
        ("10 min", 600), ("1 h", 3600), ("6 h", 21_600), ("1 d", 86_400), ("7 d", 604_800),
    ]

    /// Those that are shorter than the window, around what is chosen or up to its end, and all of it.
    static func all(_ window: Span?, _ view: Span, focus: Int64?) -> [TimelineRange] {
        guard let window else { return [] }
        var ranges = lengths.filter { $0.seconds * second < window.length }.map { length in
            around(
                focus.flatMap { window.holds($0) ? $0 : nil } ?? window.to.microseconds,
                length.seconds * second, window, length.words)
        }
        ranges.append(
            TimelineRange(words: "All", from: window.from.microseconds, to: window.to.microseconds))
        for index in ranges.indices {
            let length = ranges[index].to - ranges[index].from
            ranges[index].isCurrent = abs(length - view.length) <= max(2 * second, length / 1000)
        }
        return ranges
    }

    /// Earlier, later, closer, farther; without those that lead nowhere.
    static func moves(_ window: Span?, _ view: Span, focus: Int64?) -> [TimelineRange] {
        guard let window else { return [] }
        let centre = focus.flatMap { view.holds($0) ? $0 : nil } ?? view.from.microseconds + view.length / 2
        var moves: [TimelineRange] = []
        func add(_ words: String, _ sign: String, _ key: String, _ range: TimelineRange) {
            var range = range
            (range.words, range.sign, range.key) = (words, sign, key)
            moves.append(range)
        }
        let step = view.length * 2 / 3
        if view.from.microseconds > window.from.microseconds {
            add("Earlier", "← Earlier", "earlier", moved(view, by: -step, window))
        }
        if view.to.microseconds < window.to.microseconds {
            add("Later", "Later →", "later", moved(view, by: step, window))
        }
        if view.length / 4 >= shortest {
            add("Zoom in", "+", "in", around(centre, view.length / 4, window, ""))
        }
        if view.length < window.length {
            add("Zoom out", "−", "out", around(centre, min(view.length * 4, window.length), window, ""))
        }
        return moves
    }

    private static func moved(_ view: Span, by step: Int64, _ window: Span) -> TimelineRange {
        let from = min(
            max(view.from.microseconds + step, window.from.microseconds),
            max(window.to.microseconds - view.length, window.from.microseconds))
        return TimelineRange(words: "", from: from, to: from + view.length)
    }

    private static func around(_ centre: Int64, _ length: Int64, _ window: Span, _ words: String)
        -> TimelineRange
    {
        let most = max(window.to.microseconds - length, window.from.microseconds)
        let from = min(max(centre - length / 2, window.from.microseconds), most)
        return TimelineRange(words: words, from: from, to: from + length)
    }
}
