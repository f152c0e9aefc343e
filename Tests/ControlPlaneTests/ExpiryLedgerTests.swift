import PostgresFormat
import Testing

@testable import ControlPlane
@testable import Platform

/// What is due is deleted after a day of uptime, whatever the clock says.
struct ExpiryLedgerTests {
    private static let hour: Double = 3600

    private func wall(_ seconds: Double) -> PostgresTimestamp {
        PostgresTimestamp(unixMicroseconds: Int64((1_800_000_000 + seconds) * 1_000_000))
    }

    private func up(_ seconds: Double, boot: String = "first") -> MachineUptime {
        MachineUptime(boot: boot, seconds: seconds)
    }

    @Test func `what is due is marked, and may go after a day of uptime for which it stays due`() {
        var ledger = ExpiryLedger()
        #expect(ledger.observe(wall: wall(100), up(100)) == nil)
        var sorted = ledger.sort(due: ["a", "b"], of: "one")
        #expect(sorted.ripe.isEmpty && sorted.fresh == ["a", "b"])
        #expect(ledger.observe(wall: wall(100 + 23 * Self.hour), up(100 + 23 * Self.hour)) == nil)
        sorted = ledger.sort(due: ["a"], of: "one")
        #expect(sorted.ripe.isEmpty && sorted.fresh.isEmpty)
        #expect(ledger.sort(due: [], of: "other").ripe.isEmpty)
        #expect(ledger.observe(wall: wall(101 + 24 * Self.hour), up(101 + 24 * Self.hour)) == nil)
        sorted = ledger.sort(due: ["a", "b"], of: "one")
        // 'b' was not due in between: its day begins anew.
        #expect(sorted.ripe == ["a"] && sorted.fresh == ["b"])
    }

    @Test func `uptime is summed over boots, without what nobody saw`() {
        var ledger = ExpiryLedger()
        _ = ledger.observe(wall: wall(0), up(1000))
        _ = ledger.sort(due: ["a"], of: "one")
        _ = ledger.observe(wall: wall(20 * Self.hour), up(1000 + 20 * Self.hour))
        // The machine was off for a month: that is no uptime, and no gap either.
        let month = 30 * 24 * Self.hour
        #expect(ledger.observe(wall: wall(month), up(3 * Self.hour, boot: "second")) == nil)
        #expect(ledger.sort(due: ["a"], of: "one").ripe.isEmpty)
        #expect(ledger.observe(wall: wall(month + Self.hour), up(4 * Self.hour, boot: "second")) == nil)
        #expect(ledger.sort(due: ["a"], of: "one").ripe == ["a"])
    }

    @Test(arguments: [365 * 24 * 3600.0, -400])
    func `a clock that goes by itself is seen once, and begins the day anew`(jump: Double) {
        var ledger = ExpiryLedger()
        _ = ledger.observe(wall: wall(0), up(0))
        _ = ledger.sort(due: ["a"], of: "one")
        // Within five minutes it is slewed.
        let later = 25 * Self.hour
        #expect(ledger.gap(wall: wall(later + 290), up(later)) == nil)
        #expect(ledger.gap(wall: wall(later + jump), up(later)) == jump)
        #expect(ledger.observe(wall: wall(later + jump), up(later))?.seconds == jump)
        #expect(ledger.sort(due: ["a"], of: "one").ripe.isEmpty)
        #expect(ledger.recentGap?.seconds == jump)
        #expect(ledger.observe(wall: wall(later + jump + 60), up(later + 60)) == nil)
        let next = later + 24 * Self.hour
        #expect(ledger.observe(wall: wall(next + jump), up(next)) == nil)
        #expect(ledger.sort(due: ["a"], of: "one").ripe == ["a"])
        #expect(ledger.recentGap == nil)
    }

    @Test func `what was written is read again, and what cannot be read begins anew`() {
        var ledger = ExpiryLedger()
        _ = ledger.observe(wall: wall(5), up(3))
        _ = ledger.observe(wall: wall(5000), up(3))
        _ = ledger.sort(due: ["a", "b"], of: "backup/1")
        #expect(ExpiryLedger(parsing: ledger.encoded()) == ledger)
        #expect(ExpiryLedger(parsing: Array(ledger.encoded().dropLast(9))) == ExpiryLedger())
        // A mark that somebody put into the past of all counting is not older than the counting.
        let text = String(decoding: ledger.encoded(), as: UTF8.self)
        #expect(text.contains("backup/1/a"))
    }

    @Test func `this machine tells its boot and its uptime`() throws {
        let first = try MachineUptime.now()
        let second = try MachineUptime.now()
        #expect(first.boot == second.boot && first.boot.utf8.count == 36)
        #expect(first.seconds > 0 && second.seconds >= first.seconds)
    }
}
