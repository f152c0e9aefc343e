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
        switch try selection(pattern, choice, of: source, inventory, log) {
        case .one(let target): return target
        case .several(let count, let last):
            throw Problem(
                .ambiguousTarget, "\(count) events fit \"\(words)\"",
                detail: Self.listed(last.map(\.event), of: count),
                hint:
                    "Choose one with --nth, counted from the earliest, the last with --latest, or by size "
                    + "with --min-rows."
            )
        case .none(let similar):
            throw Problem(
                .resourceNotFound, "nothing that fits \"\(words)\" happened on \(source.name)",
                detail: similar.isEmpty
                    ? nil : "what comes nearest:\n" + Self.listed(similar, of: similar.count),
                hint: "'pitr timeline -s \(source.name)' shows what happened.")
        }
    }

    private func selection(
        _ pattern: EventPattern, _ choice: EventChoice, of source: ServerRow, _ inventory: Inventory,
        _ log: HeldLog
    ) throws -> EventSelection {
        let ofTable = RowInterest(minimumRows: 1, tables: pattern.names)
        let usual = RowInterest(minimumRows: EventHistoryRequest.usualMinimumRows)
        // Rows are looked at also where a least number is given: what was done to a table is the sum over its
        // partitions. The log is gone through again only where nothing fits, for what comes nearest.
        let interests = pattern.isOfRows ? [ofTable, usual, RowInterest(minimumRows: 1)] : [usual, ofTable]
        var found = EventSelection.none(similar: [])
        for interest in interests {
            var selector = EventSelector(pattern, choice)
            _ = try readEvents(of: source, inventory, log, interest) { events in
                for event in events { selector.add(event) }
            }
            found = selector.finish()
            guard case .none(similar: []) = found else { break }
        }
        return found
    }

    /// One line for each of the last ones, with its number counted from the earliest.
    private static func listed(_ last: [WALEvent], of count: Int) -> String {
        let left = count - last.count
        let shown = last.enumerated().map { index, event in
            "\(left + index + 1). \(event.time?.description ?? "without a time") \(event) at \(event.boundary)"
        }
        return (left > 0 ? "… \(left) earlier\n" : "") + shown.joined(separator: "\n")
    }
}
