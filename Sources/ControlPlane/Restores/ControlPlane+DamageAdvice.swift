import Catalog
import Planning
import PostgresFormat
import ServiceModel

extension ControlPlane {
    /// What to do about a damaged segment besides choosing another target; nil for any other refusal.
    func adviceOnDamage(_ refusal: Refusal, _ inventory: Inventory, _ source: ServerRow) -> String? {
        guard case .damagedSegment(let segment, _, _, _) = refusal else { return nil }
        let isOfSource = inventory.damaged.contains { $0.name == segment && !$0.isArchived }
        var advice = refusal.hint
        if isOfSource, source.phase == .complete, !isOfPair {
            advice = state(source) == .ready ? Self.adviceWhileRunning : Self.adviceWhileStopped(segment)
        }
        if let end = inventory.damagedEnd?.position {
            advice +=
                "\nIf what follows is lost for good, '--accept-end \(end)' takes that for the "
                + "end of the source's WAL: whatever was committed behind it is not in the copy."
        }
        return advice
    }

    private static let adviceWhileRunning =
        "Only the server itself has this WAL: it is not archived yet. 'pitr maintain' takes a base backup "
        + "at once, from which on everything can be restored again. Until then do not kill the server: "
        + "after a crash it would recover up to the damage and no further. What stands in front of it can "
        + "be restored."

    private static func adviceWhileStopped(_ segment: SegmentName) -> String {
        "Only the server itself has this WAL: it was not archived. Do not start the server before what you "
            + "need is restored: it would take the damage for the end, and write over what follows. If a "
            + "snapshot or another disk has an intact \(segment.fileName), put that in its place in pg_wal, "
            + "and keep the one that is there. What stands in front of the damage can be restored."
    }
}
