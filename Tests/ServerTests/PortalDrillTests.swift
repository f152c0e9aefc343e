import ServiceModel
import Testing

@testable import Server

/// What the portal says of a schedule of drills.
struct PortalDrillTests {
    @Test func `what ends with a schedule is said beforehand, and nothing where there is nothing`() throws {
        var schedule = try DrillSchedule(daily: "03:00")
        #expect(PortalPages.lostWords(schedule) == nil)
        schedule.assertions = ["a.sql", "b.sql"].map { DrillAssertion(name: $0, sql: "SELECT 1") }
        let before = PortalPages.lostWords(schedule)
        #expect(before?.hasPrefix("The schedule has 2 assertions of its own.") == true)
        schedule.steps = [DrillCommand(name: "smoke", command: "true")]
        let words = PortalPages.lostWords(schedule)
        #expect(words?.hasPrefix("The schedule has 2 assertions and 1 step of its own.") == true)
    }
}
