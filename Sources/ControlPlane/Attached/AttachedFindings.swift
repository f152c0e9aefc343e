import Catalog
import Notation
import Platform
import PostgresFormat
import ServiceModel

/// What `doctor` says of an attached server.
struct AttachedFindings {
    let name: String
    let state: AttachedState
    let now: PostgresTimestamp

    static let boundIt = "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf()"
    static let stopWaiting = "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()"
    private static let day: Int64 = 86_400_000_000

    var all: [DoctorFinding] {
        let found = [receiving, disk, unbounded, renewal, awaited].compactMap { $0 }
        return found.isEmpty ? [finding(.ok, "attached, \(state.guarantee)", nil)] : found
    }

    private func finding(_ level: DoctorFinding.Level, _ message: String, _ remedy: String?) -> DoctorFinding
    {
        DoctorFinding(level: level, subject: "server \(name)", message: message, remedy: remedy)
    }

    private var receiving: DoctorFinding? {
        switch state.phase {
        case .streaming: nil
        case .connecting, .waiting:
            finding(
                .problem, "its WAL is not received" + (state.problem.map { ": \($0)" } ?? ""),
                "It is tried again by itself. 'pitr attach --check' tells what is missing there; 'pitr reattach' "
                    + "gives another password, address or certificate authority.")
        case .notReceiving:
            finding(
                .problem, "nobody receives its WAL, and nothing new can be restored",
                "Run 'pitr serve', or 'pitr receive -n \(name)'.")
        }
    }

    private var disk: DoctorFinding? {
        guard let slot = state.slot, slot.level == .near else { return nil }
        return finding(
            .warning,
            "its slot holds back \(ByteText.of(slot.held)) of WAL on the source's disk and is given up at "
                + "\(ByteText.of(slot.limit)): what was not received by then is a gap",
            "Look why its WAL is received so slowly; 'pitr reattach --wal-limit' allows more.")
    }

    private var unbounded: DoctorFinding? {
        guard let slot = state.slot, !slot.isTemporary, slot.bound == nil else { return nil }
        return finding(.warning, state.guarantee, Self.boundIt)
    }

    /// For a day: after that the gap, if there was one, is history.
    private var renewal: DoctorFinding? {
        guard let slot = state.slot, let why = slot.renewal, let at = slot.renewedAt,
            now.microseconds - at.microseconds < Self.day
        else { return nil }
        return finding(
            .warning, "its slot was made anew at \(at.wholeSeconds): \(why.words)",
            "Where WAL was forgotten before it was received there is a gap, which 'pitr timeline' shows; the next "
                + "base backup, which is taken by itself, ends it.")
    }

    private var awaited: DoctorFinding? {
        guard state.isAwaited else { return nil }
        let words =
            switch state.standstill {
            case .certain: "commits on the source wait now for this stream, which is not received"
            case .possible:
                "commits on the source may wait for this stream, which is not received: \(state.namesAsTold)"
            case nil:
                "commits on the source wait for this stream: while nobody receives, they wait for ever"
            }
        return finding(
            state.standstill == .certain ? .problem : .warning, words,
            "To take that back, on the source: \(Self.stopWaiting)")
    }
}

extension ControlPlane {
    /// What `doctor` says of an attached server.
    func attachedFindings(_ row: ServerRow) -> [DoctorFinding] {
        guard row.phase == .complete, let state = attachedState(row) else { return [] }
        return AttachedFindings(name: row.name, state: state, now: clock.now()).all
    }
}
