/// The days that can be chosen, as months of weeks.
///
/// They are buttons of one choice, as the browser has them: the keyboard goes from day to day, and what is
/// chosen is sent, without JavaScript. A day says its whole date to whoever does not see the month above it.
public struct DayCalendar: Sendable {
    public struct Day: Sendable {
        /// `2026-11-29`
        public var date: String
        /// `2026-11-29 Sunday`
        public var words: String
        public var canBeChosen: Bool

        public init(_ date: String, _ words: String, canBeChosen: Bool) {
            self.date = date
            self.words = words
            self.canBeChosen = canBeChosen
        }
    }

    public struct Month: Sendable {
        /// `November 2026`
        public var words: String
        /// Days of its first week that belong to the month before: 0 where it begins on a Monday.
        public var blanks: Int
        public var days: [Day] = []

        public init(_ words: String, blanks: Int) {
            self.words = words
            self.blanks = blanks
        }

        /// Each of seven places, nil for those of other months.
        var weeks: [[Day?]] {
            var places = [Day?](repeating: nil, count: blanks) + days
            places += [Day?](repeating: nil, count: (7 - places.count % 7) % 7)
            return stride(from: 0, to: places.count, by: 7).map { Array(places[$0..<($0 + 7)]) }
        }
    }

    public var months: [Month] = []

    public init() {}

    public func canBeChosen(_ date: String) -> Bool {
        months.contains { $0.days.contains { $0.date == date && $0.canBeChosen } }
    }

    static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    /// - Parameters:
    ///   - field: what the chosen day is sent as.
    ///   - chosen: no other day is taken in its place where it cannot be chosen.
    func html(_ field: String, _ label: String, chosen: String) -> HTML {
        tag("div", ["class": "calendar", "role": "radiogroup", "aria-label": label]) {
            for month in months {
                tag("table", ["aria-label": month.words]) {
                    tag("caption", ["aria-hidden": "true"], month.words)
                    tag("thead") {
                        tag("tr") {
                            for day in Self.weekdays {
                                tag("th", ["scope": "col", "abbr": day], String(day.prefix(2)))
                            }
                        }
                    }
                    tag("tbody") {
                        for week in month.weeks {
                            tag("tr") { for day in week { cell(day, field, chosen) } }
                        }
                    }
                }
            }
        }
    }

    private func cell(_ day: Day?, _ field: String, _ chosen: String) -> HTML {
        guard let day else { return tag("td", [:], "") }
        return tag("td") {
            tag("label") {
                void(
                    "input",
                    [
                        "type": "radio", "name": field, "value": day.date, "aria-label": day.words,
                        "checked": day.canBeChosen && day.date == chosen ? "" : nil,
                        "disabled": day.canBeChosen ? nil : "",
                    ])
                tag("span", [:], String(day.date.suffix(2)))
            }
        }
    }
}
