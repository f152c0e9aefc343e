import Planning
import PostgresFormat
import TestKit

/// A server's WAL made by hand, with what a planner is told of it and the truth beside it.
struct CraftedWAL {
    /// A record that was written, with what makes it matter.
    struct Record: Hashable {
        var start: LSN
        var end: LSN
        var kind: TransactionEnd.Kind?
        var xid: UInt32 = 0
        var time: PostgresTimestamp?
        /// Replaying it has an effect that no commit has to confirm.
        var leaks = false
        /// Of a restore point.
        var name: String?
    }

    var craft = WALCraft.small()
    private(set) var records: [Record] = []
    var backups: [InventoryBackup] = []

    static let minima = ParameterMinima(
        maxConnections: 100, maxWorkerProcesses: 8, maxWalSenders: 10, maxPreparedTransactions: 0,
        maxLocksPerTransaction: 64)

    /// An instant that many seconds after an agreed one.
    static func time(_ seconds: Int64) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: 800_000_000_000_000).advanced(bySeconds: seconds)
    }

    // MARK: Writing

    @discardableResult
    mutating func end(
        _ kind: TransactionEnd.Kind, _ xid: UInt32, at time: PostgresTimestamp, extra: Int = 0
    ) -> Record {
        let made =
            switch kind {
            case .commit: craft.commit(xid, at: time, extra: extra)
            case .abort: craft.abort(xid, at: time)
            case .prepare: craft.prepare(xid, at: time, extra: extra)
            case .commitPrepared: craft.endPrepared(xid, commit: true, at: time)
            case .abortPrepared: craft.endPrepared(xid, commit: false, at: time)
            }
        return note(Record(start: made.start, end: made.end, kind: kind, xid: xid, time: time))
    }

    /// The commit of a prepared transaction with its parts.
    @discardableResult
    mutating func endPrepared(
        _ xid: UInt32, at time: PostgresTimestamp, subtransactions: [UInt32]
    ) -> Record {
        let made = craft.endPrepared(
            xid, commit: true, at: time, with: TransactionParts(subtransactions: subtransactions))
        return note(
            Record(start: made.start, end: made.end, kind: .commitPrepared, xid: xid, time: time))
    }

    @discardableResult
    mutating func commit(_ xid: UInt32, at seconds: Int64) -> Record {
        end(.commit, xid, at: Self.time(seconds))
    }

    /// A record that is replayed for good, whatever its transaction does.
    @discardableResult
    mutating func leak(_ manager: ResourceManager, info: UInt8 = 0, bytes: Int = 32) -> Record {
        note(craft.record(manager, info: info, mainData: [UInt8](repeating: 7, count: bytes)), leaks: true)
    }

    @discardableResult
    mutating func restorePoint(_ name: String, at time: PostgresTimestamp) -> Record {
        let made = craft.restorePoint(name, at: time)
        return note(Record(start: made.start, end: made.end, name: name))
    }

    @discardableResult
    mutating func other(_ make: (inout WALCraft) -> WALCraft.Record) -> Record {
        note(make(&craft))
    }

    /// Fills the segment up to that many bytes before its end, most of it with one large record.
    mutating func fillSegment(leaving count: Int) {
        let size = Int(craft.first.size.bytes)
        let room = size - craft.bytes.count % size
        if room > 64 << 10 {
            // Page headers take 24 bytes of each 8192.
            let length = room - 32_768 - room / 8192 * 24
            other {
                $0.record(.heap, info: 0x10, xid: 3, mainData: [UInt8](repeating: 0x44, count: length))
            }
        }
        fill(leaving: count, ofSegment: true)
    }

    mutating func fill(leaving count: Int, ofSegment: Bool = false) {
        let before = craft.records.count
        craft.fill(leaving: count, ofSegment: ofSegment)
        for made in craft.records[before...] { note(made) }
    }

    /// Ends the segment early.
    mutating func switchSegment() {
        note(craft.switchSegment())
    }

    /// The checkpoint that a backup begins with; answers where replay from it must start.
    ///
    /// - Parameter next: the number of the next transaction, with its epoch.
    mutating func beginBackup(next: UInt64 = 0) -> LSN {
        let redo = records.last?.end ?? .zero
        return other { $0.record(.xlog, info: 0x10, mainData: Self.checkpoint(next: next, redo: redo)) }.start
    }

    /// What a checkpoint's record holds.
    static func checkpoint(next: UInt64, redo: LSN = .zero) -> [UInt8] {
        WALCraftBytes.little(redo.rawValue) + [UInt8](repeating: 0, count: 16) + WALCraftBytes.little(next)
            + [UInt8](repeating: 0, count: 56)
    }

    /// The record that ends a backup begun at `start`.
    @discardableResult
    mutating func endBackup(
        _ name: String, from start: LSN, at time: PostgresTimestamp, damage: String? = nil
    ) -> InventoryBackup {
        let end = other { $0.record(.xlog, info: 0x50, mainData: WALCraftBytes.little(start.rawValue)) }.end
        let backup = InventoryBackup(
            name: name, timeline: craft.first.timeline, startLSN: start, stopLSN: end,
            startTime: time.advanced(bySeconds: -1), stopTime: time, dataBytes: 1 << 20, minima: Self.minima,
            damage: damage)
        backups.append(backup)
        return backup
    }

    /// A backup during which nothing else is written.
    @discardableResult
    mutating func backup(_ name: String, at seconds: Int64) -> InventoryBackup {
        let start = beginBackup()
        return endBackup(name, from: start, at: Self.time(seconds))
    }

    @discardableResult
    private mutating func note(_ made: WALCraft.Record, leaks: Bool = false) -> Record {
        note(Record(start: made.start, end: made.end, leaks: leaks))
    }

    @discardableResult
    private mutating func note(_ record: Record) -> Record {
        records.append(record)
        return record
    }

    // MARK: What is held

    /// What the planner is given: all of the WAL, or all but some segments.
    func held(
        missing: Set<UInt64> = [], damaged: Set<UInt64> = [], latest: PostgresTimestamp? = nil
    ) -> HeldSegments {
        var held = HeldSegments()
        for (name, bytes) in craft.segments where !missing.contains(name.number) {
            if damaged.contains(name.number) {
                held.damaged.append(DamagedSegment(name: name, reason: "its checksum is wrong"))
            } else {
                held.add(name, bytes)
            }
        }
        held.backups = backups
        held.latest = latest ?? Self.time(100_000)
        return held
    }
}

/// The little-endian bytes of a number.
enum WALCraftBytes {
    static func little(_ value: UInt64) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
