import Catalog
import Planning
import Platform
import PostgresFormat
import Restore
import WALEvents

/// Events as targets of a restore.
extension ControlPlane {
    /// The event that some words mean, such as `drop table shop.orders`.
    ///
    /// - Parameter choice: which one, where several fit; smaller changes than its least do not.
    /// - Throws: `.usage` for words that are not understood, `.resourceNotFound` where nothing fits, and
    ///   `.ambiguousTarget` with the candidates where several do.
    func eventTarget(
        _ words: String, _ choice: EventChoice, of source: ServerRow, _ inventory: Inventory, _ log: HeldLog
    ) throws -> EventTarget {
        let pattern: EventPattern
        do {
            pattern = try EventPattern(words)
        } catch {
            throw Problem(
                .usage, "\"\(words)\" is no event", detail: error.description,
                hint: "Say it like 'drop table shop.orders', 'delete from orders' or 'restore point NAME'.")
        }
        var request = EventHistoryRequest(resourceGroup: source.resourceGroup, sourceServer: source.id)
        // Also with a least number: what was done to a table is the sum over its partitions.
        request.minimumRows = 1
        let history = try eventHistory(request, of: source, inventory, log)
        switch pattern.select(from: history.events, choice) {
        case .one(let target): return target
        case .several(let targets):
            throw Problem(
                .ambiguousTarget, "\(targets.count) events fit \"\(words)\"",
                detail: Self.listed(targets.map(\.event)),
                hint:
                    "Choose one with --nth, counted from the earliest, the last with --latest, or by size "
                    + "with --min-rows."
            )
        case .none(let similar):
            throw Problem(
                .resourceNotFound, "nothing that fits \"\(words)\" happened on \(source.name)",
                detail: similar.isEmpty ? nil : "what comes nearest:\n" + Self.listed(similar),
                hint: "'pitr timeline -s \(source.name)' shows what happened.")
        }
    }

    /// One line for each of the last twenty, with its number counted from the earliest.
    private static func listed(_ events: [WALEvent]) -> String {
        let shown = events.enumerated().suffix(20).map { index, event in
            "\(index + 1). \(event.time?.description ?? "without a time") \(event) at \(event.boundary)"
        }
        let left = events.count - shown.count
        return (left > 0 ? "… \(left) earlier\n" : "") + shown.joined(separator: "\n")
    }
}
