import Platform
import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// What a drill's record says, and what is made of it.
struct DrillTests {
    private func record(_ rungs: [DrillRung] = []) -> DrillRecord {
        DrillRecord(
            id: "00aa", server: "/x", serverID: "1", serverName: "shop", caller: "ada", isScheduled: false,
            target: "the latest moment", result: .running, startedAt: PostgresTimestamp(microseconds: 0),
            copy: "drill-00aa", keepsCopy: false, rungs: rungs, pitrVersion: "0")
    }

    @Test(
        arguments: [
            ([1.0, 1], 5.0, nil), ([2, 2, 2], 4.2, "restore 2.1 × slower than the median of 3"),
            ([1, 3, 100, 2, 4, 5, 6, 7, 8, 9, 50, 60], 11, "restore 2.0 × slower than the median of ten"),
            ([4, 4, 4, 4], 2, "restore 2.0 × faster than the median of 4"),
            ([4, 4, 4], 4.1, "restore as fast as the median of 3"),
        ] as [([Double], Double, String?)])
    func `compares with the median of the newest ten, and with fewer than three not at all`(
        _ earlier: [Double], _ seconds: Double, _ words: String?
    ) {
        #expect(DrillTrend.judge(seconds, earlier: earlier)?.words == words)
    }

    @Test func `a restore is slower only by more than chance`() {
        func isRegression(_ seconds: Double, _ median: Double) -> Bool? {
            DrillTrend.judge(seconds, earlier: [median, median, median])?.isRegression
        }
        #expect(isRegression(3, 1) == true && isRegression(2.9, 1) == false && isRegression(14, 10) == false)
        #expect(isRegression(15, 10) == true && isRegression(1, 10) == false)
    }

    @Test func `tells what is other, and nothing of what is the same`() {
        func database(_ name: String, _ schema: String?, _ rows: [(String, UInt64)]) -> DrillDatabase {
            DrillDatabase(name: name, schema: schema, tables: rows.map { .init(name: $0.0, rows: $0.1) })
        }
        let before = [database("a", "x", [("t", 1), ("old", 2)]), database("gone", nil, [])]
        #expect(DrillComparison(before, before: before).changes.isEmpty)
        let now = [database("a", "y", [("t", 3), ("new", 4)]), database("b", nil, [])]
        #expect(
            DrillComparison(now, before: before).changes == [
                "database gone is not there any more", "database a: the definitions are others",
                "database a: table old is not there any more", "database a: table t had 1 rows, now 3",
                "database a: table new is new, with 4 rows", "database b is new, with 0 tables",
            ])
    }

    @Test func `what could not be run spoils a drill where it was asked for, and never counts as passed`() {
        let rungs = [
            DrillRung(.checksums, .notRun, "off"),
            DrillRung(.assertion, name: "a", .notRun, isAsked: true, "x"),
            DrillRung(.step, name: "b", .failed, isAsked: true, "y"), DrillRung(.open, .passed, "z"),
        ]
        #expect(rungs.map(\.spoils) == [false, true, true, false])
        #expect(record(rungs).tally == "1 passed, 1 failed, 2 not run")
        let junit = DrillText(record(rungs)).junit
        #expect(junit.contains(#"tests="4" failures="2" errors="0" skipped="1""#), "\(junit)")
        #expect(junit.contains(#"<failure type="not run" message="x">"#))
    }

    @Test func `only a copy that was to go, and could not, is removed later`() {
        func isLeft(_ result: DrillResult, _ outcome: DrillRung.Outcome, keepsCopy: Bool = false) -> Bool {
            var record = record([DrillRung(.cleanUp, outcome, "x")])
            (record.result, record.keepsCopy) = (result, keepsCopy)
            return record.hasLeftCopy
        }
        #expect(isLeft(.failed, .failed) && isLeft(.abandoned, .failed, keepsCopy: true))
        #expect(!isLeft(.running, .failed) && !isLeft(.failed, .passed))
        #expect(!isLeft(.failed, .failed, keepsCopy: true))
    }

    @Test func `keys WITH PERIOD are left out where there can be any`() {
        #expect(!DrillChecks.foreignKeys(.v17).contains("conperiod"))
        #expect(DrillChecks.foreignKeys(.v18).contains("AND NOT k.conperiod"))
        #expect(DrillChecks.periodKeys(.v17) == nil && DrillChecks.periodKeys(.v18) != nil)
    }

    @Test func `a drill of this process counts as at work only while it is`() {
        let id = Identifiers.fresh()
        #expect(!DrillsAtWork.contains(id))
        DrillsAtWork.begin(id)
        #expect(DrillsAtWork.contains(id))
        DrillsAtWork.end(id)
        #expect(!DrillsAtWork.contains(id))
    }

    @Test func `the copy's password is not kept of a step's output`() {
        let kept = DrillRun.hiding("Drill-0a", in: "PGPASSWORD=Drill-0a\nDrill-0a\u{301} Drill-0b")
        #expect(!kept.unicodeScalars.contains("Drill-0a".unicodeScalars) && kept.contains("Drill-0b"))
    }

    @Test func `a combining mark hides no markup`() {
        let text = DrillText(record([DrillRung(.assertion, name: "|\u{301}", .failed, "x")])).markdown
        #expect(Array(text.unicodeScalars).contains(Array("| \\|\u{301}".unicodeScalars)))
    }

    @Test func `no name or row becomes markup`() {
        let hostile = "a|b <img src=x>\u{1B}[31m]]>&\" *x*\n# y"
        let text = DrillText(
            record([DrillRung(.assertion, name: hostile, .failed, hostile, details: [hostile])]))
        #expect(!text.junit.contains("<img") && !text.junit.contains("\u{1B}"))
        #expect(!text.markdown.contains("\u{1B}") && !text.markdown.contains("\n# y"))
        let line = text.markdown.split(separator: "\n").first { $0.hasPrefix("| failed") }
        #expect(line?.contains(#"a\|b \<img"#) == true, "\(line ?? "")")
    }

    @Test func `long output is cut, and says so`() {
        let cut = DrillText.cut([String(repeating: "x", count: 900)] + (1...99).map { "\($0)" })
        #expect(cut.count == 61 && cut.last == "(40 more lines are left out)")
        #expect(cut[0].hasSuffix(" (cut)") && cut[0].utf8.count < 450)
    }

    // MARK: Schedules

    /// `2026-11-29` is a Sunday.
    private static func time(_ day: Int, _ hour: Int, _ minute: Int = 0) throws -> PostgresTimestamp {
        try #require(
            CalendarFields(year: 2026, month: 11, day: day, hour: hour, minute: minute, second: 0).timestamp)
    }

    @Test func `is due once when its time has come, also late`() throws {
        let daily = try DrillSchedule(daily: "03:00")
        let weekly = try DrillSchedule(weekly: "sat 03:30")
        #expect(daily.words == "every day at 03:00 UTC" && weekly.words == "every Saturday at 03:30 UTC")
        #expect(try DrillSchedule(weekly: "Sat:03:30") == weekly)
        #expect(try daily.isDue(last: Self.time(20, 2, 59), at: Self.time(20, 3)))
        #expect(try !daily.isDue(last: Self.time(20, 3), at: Self.time(20, 23, 59)))
        #expect(try daily.isDue(last: Self.time(20, 3, 5), at: Self.time(21, 9)))
        #expect(try weekly.isDue(last: Self.time(27, 0), at: Self.time(29, 0)))
        #expect(try !weekly.isDue(last: Self.time(28, 3, 30), at: Self.time(29, 0)))
        let next = try Self.time(28, 3, 30).advanced(bySeconds: 7 * 86_400)
        #expect(try weekly.nextDue(after: Self.time(28, 3, 30)) == next)
        var chosen = daily
        chosen.chosenAt = try Self.time(20, 12)
        #expect(try !chosen.isDue(last: nil, at: Self.time(20, 13)))
        #expect(try chosen.isDue(last: nil, at: Self.time(21, 3)))
    }

    @Test(arguments: ["3", "24:00", "03:60", "sat 03:00", "", "03:00:00"])
    func `refuses what is no time of day`(_ text: String) {
        #expect(throws: Problem.self) { try DrillSchedule(daily: text) }
    }

    @Test func `lies inside a maintenance window or not`() throws {
        let window = try MaintenanceWindow("Sun:2:30")
        let now = try Self.time(25, 12)
        func fits(_ schedule: DrillSchedule) -> Bool { schedule.fits(window, at: now) }
        #expect(try fits(DrillSchedule(daily: "02:30")) && fits(DrillSchedule(daily: "03:29")))
        #expect(try !fits(DrillSchedule(daily: "03:30")) && !fits(DrillSchedule(daily: "02:29")))
        #expect(try fits(DrillSchedule(weekly: "sun 03:00")) && !fits(DrillSchedule(weekly: "mon 03:00")))
    }
}
