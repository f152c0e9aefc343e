import Testing

@testable import Portal

/// The calendar of days: a choice as the browser has it.
@Suite(.timeLimit(.minutes(5)))
struct CalendarTests {
    /// Two days of February 2027, which begins on a Monday, and of March before the third.
    private var calendar: DayCalendar {
        var calendar = DayCalendar()
        calendar.months = [
            .init("February 2027", blanks: 0), .init("March 2027", blanks: 0),
        ]
        for day in 1...28 {
            let text = "2027-02-\(day < 10 ? "0" : "")\(day)"
            calendar.months[0].days.append(.init(text, "\(text) words", canBeChosen: day > 26))
        }
        calendar.months[1].days = [
            .init("2027-03-01", "2027-03-01 Monday", canBeChosen: true),
            .init("2027-03-02", "2027-03-02 Tuesday", canBeChosen: true),
            .init("2027-03-03", "2027-03-03 Wednesday", canBeChosen: false),
        ]
        return calendar
    }

    private func inputs(_ html: String) -> [Substring] {
        html.split(separator: "<input").dropFirst().compactMap { $0.split(separator: ">").first }
    }

    @Test func `each day is one choice with its whole date as a name, and only those of the window are open`()
        throws
    {
        let html = calendar.html("date", "Day (UTC)", chosen: "2027-03-01").text
        let days = inputs(html)
        #expect(days.count == 31)
        #expect(days.allSatisfy { $0.contains("type=\"radio\" name=\"date\" value=\"2027-0") })
        #expect(days.allSatisfy { $0.contains("aria-label=\"2027-0") })
        let open = days.filter { !$0.contains(" disabled") }
        #expect(open.count == 4 && open.first?.contains("2027-02-27 words") == true)
        #expect(days.filter { $0.contains(" checked") } == days.filter { $0.contains("2027-03-01 Monday") })
        #expect(html.contains("role=\"radiogroup\" aria-label=\"Day (UTC)\""))
        #expect(html.contains("<th scope=\"col\" abbr=\"Monday\">Mo</th>"))
        #expect(html.ranges(of: "<tr>").count == 1 + 4 + 1 + 1, "weeks")
    }

    @Test(arguments: ["2027-02-26", "2027-03-03", "2020-01-01", ""])
    func `a day that cannot be chosen is not chosen, and no other one in its place`(date: String) {
        #expect(!calendar.canBeChosen(date) && calendar.canBeChosen("2027-02-27"))
        #expect(!calendar.html("date", "Day (UTC)", chosen: date).text.contains("checked"))
    }

    @Test(arguments: [(0, 28, 4), (6, 28, 5), (5, 31, 6), (1, 30, 5)])
    func `a month has as many weeks as it needs`(blanks: Int, days: Int, weeks: Int) {
        var month = DayCalendar.Month("A month", blanks: blanks)
        month.days = (1...days).map { .init("2027-01-\($0)", "", canBeChosen: true) }
        #expect(month.weeks.count == weeks && month.weeks.allSatisfy { $0.count == 7 })
        #expect(month.weeks.joined().compactMap { $0?.date } == month.days.map(\.date))
        #expect(month.weeks[0].prefix { $0 == nil }.count == blanks)
    }

    @Test func `day and time of day are two fields, and either stays as it is`() {
        var page = RestorePage()
        page.days = calendar
        page.form.moment = .custom
        (page.form.date, page.form.time) = ("2027-02-28", "04:37:12.345678")
        for date in ["2027-02-27", "2027-03-02"] {
            page.form.date = date
            let fields = inputs(page.content.text).filter { $0.contains("name=\"time\"") }
            #expect(fields.count == 1 && fields[0].contains("value=\"04:37:12.345678\""))
            let chosen = inputs(page.content.text).filter { $0.contains("checked") }
            #expect(chosen.filter { $0.contains("name=\"date\"") }.count == 1)
            #expect(chosen.contains { $0.contains("value=\"\(date)\"") })
        }
    }
}
