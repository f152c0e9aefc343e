import Planning
import PostgresFormat
import TestKit
import TestValues

extension CraftedWAL {
    /// WAL of a busy or idle server, with one to five backups; some of it at the edges of pages and
    /// segments.
    ///
    /// - Parameter steady: no time is ever earlier than one before it in the WAL.
    static func random(_ random: inout SeededRandom, steady: Bool) -> CraftedWAL {
        var wal = CraftedWAL()
        var clock = time(0)
        var open: [LSN] = []
        let wanted = Int.random(in: 1...5, using: &random)
        let steps = Int.random(in: 10...60, using: &random)
        var xid: UInt32 = 700
        let leaning = Int.random(in: 2...12, using: &random)
        for step in 0..<steps {
            if Bool.random(using: &random) {
                clock = clock.advanced(byMicroseconds: Int64.random(in: 0...2_000_000, using: &random))
            }
            var stamp = clock
            if !steady, Int.random(in: 0..<6, using: &random) == 0 {
                stamp = clock.advanced(
                    byMicroseconds: Int64.random(in: -5_000_000...3_000_000, using: &random))
            }
            xid += 1
            switch Int.random(in: 0..<(16 + leaning), using: &random) {
            case 0: wal.leak(.sequence)
            case 1: wal.leak([.database, .relationMap].randomElement(using: &random) ?? .database)
            case 2: wal.leak(.database, info: 0x20)
            case 3: wal.leak(.tablespace, info: 0x10)
            case 4: wal.restorePoint("point \(Int.random(in: 0..<4, using: &random))", at: stamp)
            case 5: wal.fill(leaving: 8 * Int.random(in: 0...12, using: &random))
            case 6: wal.fillSegment(leaving: 8 * Int.random(in: 0...14, using: &random))
            case 7: wal.switchSegment()
            case 8, 9: wal.other { $0.heap(xid, data: [UInt8](repeating: 1, count: 200)) }
            case 10, 11:
                if open.isEmpty && wal.backups.count < wanted {
                    open.append(wal.beginBackup(next: UInt64(xid) + 1))
                }
            case 12, 13:
                if let start = open.popLast() {
                    wal.finishBackup(start, clock, &random)
                }
            case 14:
                wal.end(.prepare, xid, at: stamp, extra: [0, 40, 9000].randomElement(using: &random) ?? 0)
            case 15:
                let kind: TransactionEnd.Kind = Bool.random(using: &random) ? .commitPrepared : .abortPrepared
                wal.end(kind, xid - 1, at: stamp)
            case 16: wal.end(.abort, xid, at: stamp)
            default:
                let extra = [0, 0, 0, 3, 20, 700].randomElement(using: &random) ?? 0
                wal.end(.commit, xid, at: stamp, extra: extra)
            }
            if step == steps - 1, wal.backups.allSatisfy({ $0.damage != nil }) {
                let start = open.popLast() ?? wal.beginBackup(next: UInt64(xid) + 1)
                wal.endBackup("base", from: start, at: clock)
            }
        }
        return wal
    }

    private mutating func finishBackup(
        _ start: LSN, _ clock: PostgresTimestamp, _ random: inout SeededRandom
    ) {
        let damage = Int.random(in: 0..<8, using: &random) == 0 ? "a file is missing" : nil
        endBackup("b\(backups.count)", from: start, at: clock, damage: damage)
    }

    /// A position worth asking for: a record's start or end, right beside it, or anywhere.
    func randomPosition(_ random: inout SeededRandom) -> LSN {
        let near = records.randomElement(using: &random)?.start ?? .zero
        let offset: Int64 = [0, 0, 0, 1, -1, 8, -8, 40, -40, 5000].randomElement(using: &random) ?? 0
        return LSN(UInt64(max(0, Int64(near.rawValue) + offset)))
    }

    /// An instant worth asking for: at, right before or right after something, or anywhere.
    func randomTarget(_ random: inout SeededRandom) -> PostgresTimestamp {
        let known = records.compactMap(\.time) + backups.map(\.stopTime)
        let near = known.randomElement(using: &random) ?? Self.time(0)
        let offset = [0, 0, 1, -1, Int64.random(in: -900_000...900_000, using: &random)]
        return near.advanced(byMicroseconds: offset.randomElement(using: &random) ?? 0)
    }
}
