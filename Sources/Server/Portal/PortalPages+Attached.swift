import Notation
import Portal
import PostgresFormat
import ServiceModel

/// A server that is not run here.
extension PortalPages {
    /// How its WAL is received, and what would be lost with it.
    static func facts(_ state: AttachedState) -> [Fact] {
        let attachment = state.attachment
        var facts = [
            Fact("Source", "\(attachment.user)@\(attachment.addressText)"),
            Fact("WAL", words(state)),
        ]
        if let seconds = state.rpoSeconds {
            let lost = PortalWords.seconds(min(seconds, 1e9))
            facts.append(Fact("RPO", "\(lost) would be lost with the source now"))
        }
        if let durable = state.durable {
            facts.append(Fact("Durable here", "up to \(durable)", isExact: true))
        }
        if let behind = state.lagBytes { facts.append(Fact("Behind", ByteText.of(behind))) }
        if let gap = state.gap {
            facts.append(Fact("Gap", "WAL from \(gap) on was gone before it was received"))
        }
        if let slot = state.slot, slot.isWatched {
            let words = "\(ByteText.of(slot.held)) of WAL kept there, given up at \(ByteText.of(slot.limit))"
            facts.append(Fact("Source's disk", slot.level == .near ? "Near its limit: " + words : words))
        }
        if let at = state.slot?.renewedAt, let why = state.slot?.renewal {
            facts.append(Fact("Slot made anew", "\(PortalWords.time(at)): \(why.words)"))
        }
        facts.append(Fact("Guarantee", state.guarantee))
        return facts
    }

    /// Where an opened backup lay.
    static func facts(_ folder: OpenedFolder, needs: String?) -> [Fact] {
        [Fact("Base backup", folder.base)] + folder.wal.map { Fact("WAL", $0) }
            + [Fact("Brought in", PortalWords.time(folder.openedAt), isExact: true)]
            + [needs.map { Fact("To restore it", $0) }].compactMap { $0 }
    }

    /// `Streaming since …`, `Not received, tried again since …: why`.
    private static func words(_ state: AttachedState) -> String {
        let words =
            switch state.phase {
            case .streaming: "Streaming"
            case .connecting: "Connecting"
            case .waiting: "Not received, tried again"
            case .notReceiving: "Not received: neither 'pitr serve' nor 'pitr receive' runs"
            }
        let since = state.since.map { ", since \(PortalWords.time($0))" } ?? ""
        return words + since + (state.problem.map { ": \($0)" } ?? "")
    }
}
