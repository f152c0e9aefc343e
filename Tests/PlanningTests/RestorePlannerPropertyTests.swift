import Planning
import PostgresFormat
import TestKit
import Testing
import TestValues

/// Random WAL against the rule written down directly, and against what PostgreSQL would do.
struct RestorePlannerPropertyTests {
    private static let cases = 1500
    private static let targetsPerWAL = 12

    @Test func `replays exactly what is inside, for every WAL and every target`() throws {
        var random = SeededRandom()
        var planned = 0
        var settings: Set<String> = []
        for number in 0..<Self.cases {
            let wal = CraftedWAL.random(&random, steady: number % 3 == 0)
            let model = RecoveryModel(records: wal.records, backups: wal.backups)
            var held = wal.held()
            held.open()
            for _ in 0..<Self.targetsPerWAL {
                let time = wal.randomTarget(&random)
                guard let earliest = held.inventory.earliest, time >= earliest else { continue }
                for mode in TargetMode.allCases {
                    let what = "case \(number) at \(time), mode \(mode)"
                    do {
                        let plan = try held.plan(.time(time), mode: mode)
                        planned += 1
                        settings.insert(String(plan.setting.configurationLine.prefix { $0 != "=" }))
                        #expect(model.flaw(of: plan, at: time) == nil, "\(what)")
                        #expect(plan.backupName == model.cut(time).backup?.name, "\(what)")
                        if mode == .time { #expect(plan.setting == .time(time), "\(what)") }
                    } catch Refusal.everyBackupTooNew {
                        #expect(model.cut(time).backup == nil, "\(what)")
                    } catch Refusal.timeNotExact {
                        #expect(mode == .time, "\(what)")
                        #expect(model.failsByTime(time), "\(what)")
                    }
                }
            }
            let plan = try held.plan(.latest)
            #expect(model.flaw(of: plan, at: nil) == nil, "case \(number), latest")
        }
        #expect(planned > Self.cases)
        #expect(settings == ["recovery_target_time ", "recovery_target_lsn ", "recovery_target "])
    }

    @Test func `never plans a wrong state when segments are missing or damaged`() throws {
        var random = SeededRandom()
        var planned = 0
        var refused = 0
        for number in 0..<Self.cases {
            let wal = CraftedWAL.random(&random, steady: true)
            let numbers = wal.craft.segments.map(\.name.number)
            guard numbers.count > 1 else { continue }
            let model = RecoveryModel(records: wal.records, backups: wal.backups)
            let lost = numbers.filter { _ in Int.random(in: 0..<numbers.count, using: &random) == 0 }
            let isDamaged = Bool.random(using: &random)
            var held = wal.held(
                missing: isDamaged ? [] : Set(lost), damaged: isDamaged ? Set(lost) : [])
            // What is promised ends where the last segment does that is held.
            held.latest = held.segments.compactMap(\.summary.maxStopTime).max()
            held.open()
            for _ in 0..<Self.targetsPerWAL {
                let time = wal.randomTarget(&random)
                guard let earliest = held.inventory.earliest, let latest = held.latest, time >= earliest,
                    // Of the instant of the last record that is held, what is missing may hold more.
                    time < latest
                else { continue }
                do {
                    let plan = try held.plan(.time(time))
                    planned += 1
                    #expect(
                        model.flaw(of: plan, at: time) == nil, "case \(number) at \(time), without \(lost)")
                } catch let refusal as Refusal {
                    refused += 1
                    try checkReachable(refusal, held, model)
                }
            }
        }
        #expect(planned > 0 && refused > 0)
    }

    /// What a refusal calls reachable can be planned.
    private func checkReachable(_ refusal: Refusal, _ held: HeldSegments, _ model: RecoveryModel) throws {
        let before: PostgresTimestamp?
        let after: PostgresTimestamp?
        switch refusal {
        case .missingSegment(_, let first, let second): (before, after) = (first, second)
        case .damagedSegment(_, _, let first, let second): (before, after) = (first, second)
        case .everyBackupTooNew: return
        default:
            Issue.record("unexpected refusal \(refusal)")
            return
        }
        for time in [before.map { $0.advanced(byMicroseconds: -1) }, after].compactMap({ $0 }) {
            guard let latest = held.latest, time < latest else { continue }
            do {
                let plan = try held.plan(.time(time))
                #expect(model.flaw(of: plan, at: time) == nil, "said to be reachable: \(time)")
            } catch let other as Refusal {
                Issue.record("said to be reachable by \(refusal): \(time), but \(other)")
            }
        }
    }
}

extension RecoveryModel {
    /// Whether PostgreSQL, handed the time itself, would fail or replay more than what is inside.
    func failsByTime(_ time: PostgresTimestamp) -> Bool {
        let cut = cut(time)
        guard let backup = cut.backup,
            case .opened(let replayed) = replay(from: backup, setting: .time(time), upTo: .max)
        else { return true }
        let edge = max(cut.lastInside?.end ?? .zero, backup.stopLSN)
        return replayed.contains { $0.start >= edge && ($0.leaks || $0.kind != nil) }
    }
}
