import Planning
import PostgresFormat
import TestKit
import Testing
import TestValues

/// Random WAL and targets that are places in it, against the rules written down directly and against what
/// PostgreSQL would do.
struct CutPropertyTests {
    private static let cases = 800

    @Test func `replays exactly what is inside, for every WAL and every position in it`() throws {
        var random = SeededRandom()
        var settings: Set<String> = []
        var planned = 0
        for number in 0..<Self.cases {
            let wal = CraftedWAL.random(&random, steady: number % 2 == 0)
            let model = RecoveryModel(records: wal.records, backups: wal.backups)
            var held = wal.held()
            held.open()
            for _ in 0..<10 {
                let target = Self.target(in: wal, &random)
                let mode: TargetMode = Bool.random(using: &random) ? .automatic : .lsn
                let what = "seed \(random.seed), case \(number), \(target.words), mode \(mode)"
                do {
                    let plan = try held.plan(target, mode: mode)
                    planned += 1
                    settings.insert(plan.setting.words.filter { $0.isLetter || $0 == "_" || $0 == "," })
                    guard let (limit, byRecord) = Self.limit(of: target, in: wal.records) else {
                        Issue.record("\(what) should have been refused")
                        continue
                    }
                    let flaw = model.flaw(of: plan, upTo: limit, byRecord: byRecord)
                    #expect(flaw == nil, "\(what)")
                    if mode == .lsn { #expect(!plan.setting.words.contains("xid"), "\(what)") }
                } catch Refusal.cut(let refusal) {
                    Self.check(refusal, target, wal, what)
                }
            }
        }
        #expect(planned > Self.cases)
        for word in ["lsn", "lsnABC", "xid", "name", "immediate"] {
            let isHandedOver = settings.contains { $0.contains(word.prefix(3)) }
            #expect(isHandedOver, "\(word) in \(settings)")
        }
    }

    @Test func `transactions are found by indexes as in the WAL, whichever segments have one`() throws {
        var random = SeededRandom()
        var found = 0
        for number in 0..<200 {
            let wal = CraftedWAL.random(&random, steady: number % 2 == 0)
            var missing: Set<UInt64> = []
            for (name, _) in wal.craft.segments where Int.random(in: 0..<12, using: &random) == 0 {
                missing.insert(name.number)
            }
            var held = wal.held(missing: missing)
            held.open()
            var indexed = held
            for segment in held.segments.map(\.name) {
                if Int.random(in: 0..<3, using: &random) > 0 { indexed.indexed.insert(segment) }
                if Int.random(in: 0..<4, using: &random) == 0 { indexed.unjoined.insert(segment) }
            }
            for xid in Set(wal.records.filter { $0.kind != nil }.map(\.xid)) {
                // No transaction ends twice, but those made up here may.
                guard wal.records.filter({ $0.ends(TransactionID(xid)) }).count < 2 else { continue }
                let target = RecoveryTarget.transaction(TransactionNumber(UInt64(xid)), exclusive: false)
                let what = "seed \(random.seed), case \(number), \(target.words)"
                let refusal = try held.refusal(target)
                #expect(try indexed.refusal(target) == refusal, "\(what)")
                guard refusal == nil else { continue }
                found += 1
                #expect(try indexed.plan(target) == held.plan(target), "\(what)")
            }
        }
        #expect(found > 500)
    }

    /// Whether a position was refused for a reason.
    private static func check(
        _ refusal: CutRefusal, _ target: RecoveryTarget, _ wal: CraftedWAL, _ what: String
    ) {
        switch refusal {
        case .everyBackupTooNew:
            let limit = limit(of: target, in: wal.records)?.limit
            let usable = wal.backups.filter { backup in
                backup.damage == nil && limit.map { backup.stopLSN <= $0 } ?? true
            }
            #expect(limit != nil && usable.isEmpty, "\(what)")
        default: #expect(limit(of: target, in: wal.records) == nil, "\(what): \(refusal)")
        }
    }

    private static func target(in wal: CraftedWAL, _ random: inout SeededRandom) -> RecoveryTarget {
        let exclusive = Bool.random(using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return .restorePoint("point \(Int.random(in: 0..<5, using: &random))")
        case 1:
            let known = wal.records.filter { $0.kind != nil }.map(\.xid)
            let xid = known.randomElement(using: &random) ?? 3
            return .transaction(TransactionNumber(UInt64(xid)), exclusive: exclusive)
        case 2:
            let record = wal.records.randomElement(using: &random)
            return .event(record?.start ?? .zero, description: "it")
        default: return .position(wal.randomPosition(&random), exclusive: exclusive)
        }
    }

    /// The rules, directly: where what is left out begins. Nil if there is no such place, or more than one.
    private static func limit(
        of target: RecoveryTarget, in records: [CraftedWAL.Record]
    ) -> (limit: LSN, byRecord: Bool)? {
        switch target {
        case .position(let lsn, let exclusive):
            guard let end = records.last?.end, let first = records.first?.start,
                lsn.rawValue >> 20 >= first.rawValue >> 20
            else { return nil }
            guard let record = records.first(where: { $0.start >= lsn }) else {
                // Where the WAL ends with a page, the next record would begin behind the next page's header.
                let header: UInt64 = end.rawValue % (1 << 20) == 0 ? 40 : 24
                let isNext = end.rawValue % 8192 == 0 && lsn.rawValue == end.rawValue + header
                return exclusive && (lsn <= end || isNext) ? (end, true) : nil
            }
            return (exclusive ? record.start : record.end, true)
        case .transaction(let number, let exclusive):
            let ends = records.filter { $0.ends(number.id) }
            guard let end = ends.first, ends.count == 1 else { return nil }
            return exclusive ? (end.start, false) : (end.end, true)
        case .restorePoint(let name):
            let points = records.filter { $0.name == name }
            return points.count == 1 ? points.first.map { ($0.end, true) } : nil
        case .event(let lsn, _): return (lsn, false)
        case .latest, .time, .backup: return nil
        }
    }
}
