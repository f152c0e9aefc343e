import Testing

@testable import Portal

/// The timeline as a value: its axis, its ranges, its handle. What the script does with it is walked in a
/// browser.
@Suite(.timeLimit(.minutes(5)))
struct TimelineTests {
    private static let second: Int64 = 1_000_000
    /// 2026-10-25 00:00:00 UTC.
    private static let midnight: Int64 = 1_792_886_400 * second

    private func moment(_ microseconds: Int64, here: String = "") -> Moment {
        Moment(microseconds, utc: "2026-10-25 00:30:00.000000", here: here)
    }

    private func page(hours: Int64 = 24) -> TimelinePage {
        let to = Self.midnight + hours * 3600 * Self.second
        var page = TimelinePage(view: Span(moment(Self.midnight), moment(to)))
        page.window = page.view
        (page.group, page.name) = ("demo", "orders")
        return page
    }

    private func event(_ at: Int64, _ words: String, kind: TimelinePage.Event.Kind = .drop)
        -> TimelinePage.Event
    {
        var event = TimelinePage.Event()
        event.moment = moment(at)
        event.words = words
        event.kind = kind
        event.lsn = "0/3001A58"
        return event
    }

    // MARK: The axis

    @Test(arguments: [25, 900, 60_000_000, 3_600_000_000, 86_400_000_000, 35 * 86_400_000_000] as [Int64])
    func `an axis has a few marks in what people count in`(span: Int64) {
        let from = Self.midnight + 1_234_567
        let marks = TimeAxis.marks(from: from, to: from + span)
        let step = TimeAxis.step(from: from, to: from + span)
        #expect((2...9).contains(marks.count) && TimeAxis.steps.contains(step))
        #expect(marks.allSatisfy { $0 >= from && $0 <= from + span && $0 % step == 0 })
    }

    @Test(
        arguments: [
            (86_400_000_000, "10-25"), (3_600_000_000, "04:37"), (1_000_000, "04:37:12"), (1000, ":12.345"),
            (1, ":12.345678"),
        ] as [(Int64, String)])
    func `a mark says as much as its step needs`(step: Int64, label: String) {
        #expect(TimeAxis.label("2026-10-25 04:37:12.345678", step: step) == label)
    }

    @Test func `midnight is a day among hours`() {
        #expect(TimeAxis.label("2026-10-25 00:00:00.000000", step: 3_600_000_000) == "10-25")
    }

    @Test func `the hour that a clock shows twice has two names`() {
        var page = page()
        page.step = 3600 * Self.second
        page.marks = [
            moment(page.view.from.microseconds + 8 * page.step, here: "2026-10-25 02:00:00.000000+02:00"),
            moment(page.view.from.microseconds + 9 * page.step, here: "2026-10-25 02:00:00.000000+01:00"),
        ]
        page.offsets = [(Self.midnight, 7200), (Self.midnight + 9 * page.step, 3600)]
        let text = page.chart.text
        #expect(text.contains(">02:00+02:00<") && text.contains(">02:00+01:00<"))
        #expect(text.contains("data-offsets=\"1792886400000000:7200 1792918800000000:3600\""))
    }

    // MARK: What is looked at

    @Test func `earlier, later, closer and farther stay within what can be restored`() {
        let lengths: [Int64] = [20, 21, 1000, 61_000_000, 4_000_000_000, 90_000_000_000, 3_000_000_000_000]
        for length in lengths {
            let window = Span(moment(Self.midnight), moment(Self.midnight + length))
            // Parts of the window, in sixteenths, and where in them the handle is.
            for (begin, end, handle) in [
                (0, 16, 0), (0, 16, 16), (0, 1, 1), (15, 16, 15), (7, 8, 8), (3, 12, 5), (0, 16, -1),
            ] as [(Int64, Int64, Int64)] {
                let from = min(Self.midnight + length * begin / 16, window.to.microseconds - 20)
                let to = max(from + 20, Self.midnight + length * end / 16)
                let focus = handle < 0 ? nil : min(max(Self.midnight + length * handle / 16, from), to)
                let view = Span(moment(from), moment(to))
                let moves = TimelineRange.moves(window, view, focus: focus)
                for range in TimelineRange.all(window, view, focus: focus) + moves {
                    let isInside = range.from >= Self.midnight && range.to <= window.to.microseconds
                    #expect(isInside && range.from < range.to, "\(length) \(begin) \(end) \(range)")
                    if let focus, ["in", "out"].contains(range.key) {
                        #expect(range.from <= focus && focus <= range.to, "\(length) \(begin) \(range)")
                    }
                }
            }
        }
    }

    @Test func `what is looked at and where the handle is go along with every link`() {
        var page = page()
        page.find = "drop table \"a&b\""
        page.selection = .drop
        page.cut.moment = moment(Self.midnight + 5)
        page.cut.before = "0/3001A58"
        page.window = Span(moment(Self.midnight - 100 * 3600 * Self.second), page.view.to)
        page.cut.lastInside = "commit of transaction 745"
        page.cut.mayRestore = true
        let text = page.content.text
        let query =
            "show=drop&amp;find=drop%20table%20%22a%26b%22&amp;at=1792886400000005&amp;before=0%2F3001A58"
        #expect(text.contains(query))
        #expect(text.contains("/restore?at=1792886400000005&amp;before=0%2F3001A58\">Restore to here<"))
        page.cut.mayRestore = false
        #expect(!page.content.text.contains("Restore to here"))
    }

    @Test func `another moment is typed without losing the filter, or the event while it is the same`() {
        var page = page()
        page.find = "orders"
        page.selection = .drop
        page.cut.typed = "2026-10-25 00:30:00.000000"
        page.cut.before = "0/3001A58"
        let text = page.content.text
        let form = text[(text.firstRange(of: "data-chooser")?.upperBound ?? text.endIndex)...]
        let chooser = form.prefix(upTo: form.firstRange(of: "</form>")?.lowerBound ?? form.startIndex)
        for field in [
            "name=\"show\" value=\"drop\"", "name=\"find\" value=\"orders\"",
            "name=\"before\" value=\"0/3001A58\"",
            "name=\"shown\" value=\"2026-10-25 00:30:00.000000 UTC\"",
        ] { #expect(chooser.contains(field), "\(field)") }
    }

    // MARK: The page

    @Test func `names that people chose stay text on the timeline, and nothing is inline`() {
        let name = "</svg><script>1</script>"
        var page = page()
        page.frame.title = name
        page.find = name
        page.events = [event(Self.midnight + 7, name)]
        page.copies = [TimelinePage.Mark(moment(Self.midnight), name)]
        page.notes = [name]
        page.zone = name
        (page.cut.typed, page.cut.lastInside, page.cut.firstOutsideDid) = (name, name, [name])
        page.cut.problem = nil
        for text in [page.document, page.cut.document] {
            #expect(!text.contains("<script>1") && text.contains("&lt;script&gt;1"))
            #expect(!text.contains(" style=") && !text.contains(" onclick="))
        }
    }

    @Test func `a page that is as full as it gets is not too large`() {
        var page = page()
        let name = String(repeating: "long_name_", count: 13)
        let words = "ALTER TABLE \(name) in database shop: column added"
        page.events = (0..<TimelinePage.mostEvents).map { number in
            let kinds = TimelinePage.Event.Kind.allCases
            var event = event(
                Self.midnight + Int64(number) * 700 * Self.second, words, kind: kinds[number % kinds.count])
            event.moment?.here = "2026-10-25 02:30:00.000000+02:00"
            event.lsn = "FFFFFFFF/\(number)"
            return event
        }
        for kind in TimelinePage.Event.Kind.allCases {
            page.deedTimes[kind] = (0..<20_000).map { Self.midnight + Int64($0) * 4 * Self.second }
        }
        page.commits = (1...120).map { $0 * $0 }
        page.backups = (0..<400).map {
            TimelinePage.Mark(moment(Self.midnight + Int64($0) * 200 * Self.second), "b")
        }
        page.gaps = [TimelinePage.Gap(from: Self.midnight, to: Self.midnight + 9, "gone")]
        #expect(page.document.utf8.count < 150_000, "\(page.document.utf8.count) bytes")
    }

    @Test func `a server without a backup teaches how one is made`() {
        var page = page()
        page.window = nil
        #expect(page.content.text.contains("pitr backup create -g demo -s orders"))
    }

    @Test func `nothing is said to have happened only where that is known`() {
        var page = page()
        #expect(!page.content.text.contains("Nothing of that kind happened"))
        #expect(page.content.text.contains("None that is listed from"))
        page.isComplete = true
        #expect(page.content.text.contains("Nothing of that kind happened from"))
    }

    @Test func `an hour with two meanings offers both`() {
        var page = page()
        page.cut.group = "demo"
        page.cut.problem = Frame.Notice(.bad, "a clock there showed it 2 times")
        page.cut.readings = [
            moment(Self.midnight, here: "2026-10-25 02:30:00.000000+02:00"),
            moment(Self.midnight + 3600, here: "2026-10-25 02:30:00.000000+01:00"),
        ]
        let text = page.cut.document
        #expect(text.contains("02:30:00.000000+02:00</a>") && text.contains("02:30:00.000000+01:00</a>"))
    }

    @Test func `what can no longer be restored is told, and offers no restore`() {
        var page = page()
        var old = event(Self.midnight + 7, "DROP TABLE a")
        old.isRestorable = false
        page.events = [old]
        let text = page.content.text
        #expect(text.contains("no backup before it") && !text.contains("Just before"))
        #expect(page.rows.rows == [["2026-10-25 00:30:00.000000Z", "DROP TABLE a", "drop", "", "0/3001A58"]])
    }
}
