import PostgresFormat
import ServiceModel
import TestKit
import Testing
import TestValues

@testable import ControlPlane

/// Nothing that was promised to someone is ever given up.
struct RetentionPolicyTests {
    private static let timeline = TimelineID(1)

    private func time(_ hours: Double) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: 800_000_000_000_000).advanced(
            byMicroseconds: Int64(hours * 3_600_000_000))
    }

    private func backup(_ name: String, _ hours: Double, isDamaged: Bool = false) -> RetainedBackup {
        RetainedBackup(
            name: name, completed: time(hours), startLSN: LSN(UInt64(max(0, hours) * 1000) + 1),
            timeline: Self.timeline, isDamaged: isDamaged)
    }

    @Test func `keeps the newest backup that ended before the period, and all its WAL`() {
        let daily = (0...20).map { backup("b\($0)", Double($0) * 24) }
        let decision = RetentionPolicy(days: 7, history: []).decide(backups: daily, now: time(20 * 24 + 1))
        #expect(decision.expired == (0...12).map { "b\($0)" })
        #expect(decision.keepFrom?.lsn == daily[13].startLSN)
    }

    @Test func `keeps everything where no backup is older than the period`() {
        let young = [backup("b1", 10), backup("b0", 5)]
        let decision = RetentionPolicy(days: 7, history: []).decide(backups: young, now: time(20))
        #expect(decision.expired.isEmpty)
        #expect(decision.keepFrom?.lsn == young[1].startLSN)
        let none = RetentionPolicy(days: 7, history: []).decide(backups: [], now: time(20))
        #expect(none.expired.isEmpty && none.keepFrom == nil)
    }

    @Test func `does not count on a damaged backup`() {
        let backups = [backup("good", 0), backup("bad", 24, isDamaged: true), backup("new", 24 * 9)]
        let decision = RetentionPolicy(days: 7, history: []).decide(backups: backups, now: time(24 * 10))
        #expect(decision.expired.isEmpty)
        #expect(decision.keepFrom?.lsn == backups[0].startLSN)
    }

    @Test func `keeps the WAL of a long backup that began before an older one`() {
        var long = backup("long", 30)
        long.startLSN = LSN(5)
        let backups = [backup("base", 20), long]
        let decision = RetentionPolicy(days: 7, history: []).decide(backups: backups, now: time(24 * 7 + 25))
        #expect(decision.expired.isEmpty)
        #expect(decision.keepFrom?.lsn == LSN(5))
    }

    @Test func `shortens the period for what is written from then on only`() {
        let change = RetentionChange(days: 35, until: time(40 * 24))
        let policy = RetentionPolicy(days: 7, history: [change])
        #expect(policy.promisedFrom(time(41 * 24)) == time(6 * 24))
        #expect(policy.promisedFrom(time(74 * 24)) == time(39 * 24))
        #expect(policy.promisedFrom(time(76 * 24)) == time(69 * 24))
    }

    @Test func `keeps a backup and its WAL for every promised instant, whatever was changed when`() {
        var random = SeededRandom()
        for round in 0..<400 {
            var days = Int.random(in: 7...35, using: &random)
            var history: [RetentionChange] = []
            /// Which period held when: an instant is promised for the days that were set when it passed.
            var periods: [(from: Double, days: Int)] = [(0, days)]
            var held: [RetainedBackup] = []
            var keepFrom = LSN.zero
            var hour = 0.0
            for number in 0..<70 {
                hour += Double.random(in: 6...48, using: &random)
                held.append(backup("b\(number)", hour, isDamaged: Int.random(in: 0..<9, using: &random) == 0))
                if Int.random(in: 0..<8, using: &random) == 0 {
                    history.append(RetentionChange(days: days, until: time(hour)))
                    days = Int.random(in: 7...35, using: &random)
                    periods.append((hour, days))
                }
                let before = held
                let decision = RetentionPolicy(days: days, history: history).decide(
                    backups: held, now: time(hour))
                held.removeAll { decision.expired.contains($0.name) }
                keepFrom = max(keepFrom, decision.keepFrom?.lsn ?? .zero)
                for _ in 0..<10 {
                    let instant = Double.random(in: max(0, hour - 36 * 24)...hour, using: &random)
                    let promise = periods.last { $0.from <= instant }?.days ?? 7
                    guard hour - instant <= Double(promise * 24) else { continue }
                    let could = before.contains { !$0.isDamaged && $0.completed <= time(instant) }
                    let base = held.filter { !$0.isDamaged && $0.completed <= time(instant) }
                        .max { $0.completed < $1.completed }
                    #expect(!could || base != nil, "round \(round), hour \(hour), instant \(instant)")
                    if let base { #expect(base.startLSN >= keepFrom, "round \(round), hour \(hour)") }
                }
            }
        }
    }
}
