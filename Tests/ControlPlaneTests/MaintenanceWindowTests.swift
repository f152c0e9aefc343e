import Platform
import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// When weekly and daily work is due.
struct MaintenanceWindowTests {
    private typealias Known = VerificationSchedule.Known

    /// `2026-11-29` is a Sunday.
    private static func time(_ day: Int, _ hour: Int, _ minute: Int = 0) throws -> PostgresTimestamp {
        try #require(
            CalendarFields(year: 2026, month: 11, day: day, hour: hour, minute: minute, second: 0).timestamp)
    }

    @Test(
        arguments: [
            ("Sun:1:30", 0, 1, 30), ("sunday:01:05", 0, 1, 5), ("Sat", 6, 0, 0), ("WED:23", 3, 23, 0),
        ])
    func `reads a window as az takes it`(_ text: String, _ day: Int, _ hour: Int, _ minute: Int) throws {
        let window = try MaintenanceWindow(text)
        #expect((window.dayOfWeek, window.startHour, window.startMinute) == (day, hour, minute))
    }

    @Test(arguments: ["", "Su:1", "Sun:24", "Sun:1:60", "Sun:1:2:3", "Sun:x", "1:30", "Sun:-1"])
    func `refuses what is no day, hour or minute`(_ text: String) throws {
        #expect(throws: Problem.self) { try MaintenanceWindow(text) }
    }

    @Test func `opens once a week for an hour, and daily work begins at its time of every day`() throws {
        let window = try MaintenanceWindow("Sun:1:30")
        #expect(try window.lastOpening(at: Self.time(29, 1, 30)) == Self.time(29, 1, 30))
        #expect(try window.lastOpening(at: Self.time(29, 1, 29)) == Self.time(22, 1, 30))
        #expect(try window.isOpen(at: Self.time(29, 2, 29)) && !window.isOpen(at: Self.time(29, 2, 30)))
        #expect(try !window.isOpen(at: Self.time(30, 1, 45)))
        #expect(try window.lastDailyStart(at: Self.time(25, 1, 29)) == Self.time(24, 1, 30))
        #expect(try MaintenanceWindow("Sat:5").lastOpening(at: Self.time(27, 0)) == Self.time(21, 5))
        func isDue(_ last: PostgresTimestamp, _ now: PostgresTimestamp, _ window: MaintenanceWindow?) -> Bool
        {
            ControlPlane.isDailyWorkDue(since: last, window, at: now)
        }
        #expect(try isDue(Self.time(24, 12), Self.time(25, 1, 30), window))
        #expect(try !isDue(Self.time(25, 1, 31), Self.time(26, 1, 29), window))
        #expect(try !isDue(Self.time(24, 12), Self.time(25, 1, 30), nil))
        #expect(try isDue(Self.time(24, 12), Self.time(25, 12), nil))
    }

    @Test func `a window has every backup checked while it is open, and none before`() throws {
        let window = try MaintenanceWindow("Sun:1:30")
        let schedule = VerificationSchedule(window: window)
        let first = try Known(name: "a", made: Self.time(20, 3), checked: Self.time(22, 1, 40))
        let second = try Known(name: "b", made: Self.time(21, 3), checked: nil)
        let late = try Known(name: "c", made: Self.time(29, 1, 35), checked: nil)
        // Checked in the last window, so that the rest of the week is quiet.
        #expect(try schedule.due(of: [first, second], at: Self.time(28, 12)) == nil)
        #expect(try schedule.due(of: [first, second, late], at: Self.time(29, 1, 40)) == second)
        var checked = second
        checked.checked = try Self.time(29, 1, 41)
        #expect(try schedule.due(of: [first, checked, late], at: Self.time(29, 1, 45)) == first)
        #expect(try schedule.due(of: [first, checked, late], at: Self.time(29, 2, 45)) == nil)
        // The machine was off in that hour: one of them all the same.
        #expect(try schedule.due(of: [first, second], at: Self.time(29, 9)) == second)
        let daily = VerificationSchedule(window: nil)
        #expect(try daily.due(of: [first, second], at: Self.time(23, 1, 39)) == nil)
        #expect(try daily.due(of: [first, second], at: Self.time(23, 1, 41)) == second)
    }

    @Test(
        arguments: [
            ("15.18", "15.9", true), ("15.9", "15.18", false), ("15.18", "15.18", false),
            ("16.1", "15.18", false),
            ("15.18", "", false),
        ])
    func `only a newer minor version of the same major one is taken`(
        _ new: String, _ old: String, _ isNewer: Bool
    ) {
        #expect(ControlPlane.isNewer(new, than: old) == isNewer)
    }
}
