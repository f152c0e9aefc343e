import Holdings
import Planning
import Platform
import PostgresFormat
import ServiceModel
import WALEvents

/// Events as targets of a restore.
extension ControlPlane {
    /// The event that is meant.
    ///
    /// - Throws: `.resourceNotFound` where nothing fits, and `.ambiguousTarget` with the candidates where
    ///   several do.
    func eventTarget(
        _ wanted: RequestedEvent, of reader: SourceReader, _ held: HeldSource
    ) throws -> EventTarget {
        let selection = try selection(wanted.pattern, wanted.choice, of: reader, held)
        switch selection.found {
        case .one(let target): return target
        case .several(let count, let last):
            throw Self.unclear(wanted.words, wanted.choice, last.map(\.event), of: count)
        case .none(let similar): throw unknown(wanted, similar, selection, reader)
        }
    }

    /// Where each event that is meant takes effect, in WAL order.
    ///
    /// - Throws: `.resourceNotFound` where nothing fits.
    func eventBoundaries(
        _ wanted: RequestedEvent, of reader: SourceReader, _ held: HeldSource
    ) throws -> [LSN] {
        let selection = try selection(wanted.pattern, wanted.choice, of: reader, held)
        if case .none(let similar) = selection.found { throw unknown(wanted, similar, selection, reader) }
        return selection.boundaries
    }

    private func unknown(
        _ wanted: RequestedEvent, _ similar: [WALEvent], _ selection: Selection, _ reader: SourceReader
    ) -> Problem {
        Self.unknown(
            wanted.words, similar, on: reader.source.name, selection.read?.gaps ?? [],
            selection.read?.notes ?? [])
    }

    private struct Selection {
        var found = EventSelection.none(similar: [])
        var boundaries: [LSN] = []
        var read: EventsRead?
    }

    private func selection(
        _ pattern: EventPattern, _ choice: EventChoice, of reader: SourceReader, _ held: HeldSource
    ) throws -> Selection {
        let ofTable = RowInterest(minimumRows: 1, tables: pattern.names)
        let usual = RowInterest(minimumRows: EventQuery.usualMinimumRows)
        // Rows are looked at also where a least number is given: what was done to a table is the sum over its
        // partitions. The WAL is gone through again only where nothing fits, for what comes nearest.
        let interests = pattern.isOfRows ? [ofTable, usual, RowInterest(minimumRows: 1)] : [usual, ofTable]
        var selection = Selection()
        for interest in interests {
            var selector = EventSelector(pattern, choice)
            selection.read = try reader.readEvents(held, interest) { events in
                for event in events { selector.add(event) }
            }
            selection.found = selector.finish()
            selection.boundaries = selector.boundaries
            guard case .none(similar: []) = selection.found else { break }
        }
        return selection
    }

    /// Nothing fits; where WAL is missing that does not mean that it never happened.
    static func unknown(
        _ words: String, _ similar: [WALEvent], on server: String, _ gaps: [EventHistory.Gap],
        _ notes: [String]
    ) -> Problem {
        var detail = gaps.map { gap in
            "WAL is missing: \(gap.count == 1 ? "\(gap.first)" : "\(gap.first) to \(gap.last)")"
        }
        if !gaps.isEmpty { detail += notes }
        if !similar.isEmpty { detail.append("what comes nearest:\n" + listed(similar, of: similar.count)) }
        return Problem(
            .resourceNotFound,
            gaps.isEmpty
                ? "nothing that fits \"\(words)\" happened on \(server)"
                : "nothing that fits \"\(words)\" is known of \(server)",
            detail: detail.isEmpty ? nil : detail.joined(separator: "\n"),
            hint: "'pitr timeline -s \(server)' shows what happened.")
    }

    /// Several events fit, of which these are the last, and none was chosen; or fewer than the number chosen.
    static func unclear(
        _ words: String, _ choice: EventChoice, _ last: [WALEvent], of events: Int
    ) -> Problem {
        let count = events == 1 ? "only one event fits" : "\(events) events fit"
        if case .nth(let number) = choice.place {
            return Problem(
                .resourceNotFound, "\(count) \"\(words)\", there is no number \(number)",
                detail: listed(last, of: events),
                hint: "Choose one of these with --nth, or the last with --latest.")
        }
        let bySize = last.contains(where: \.changesRows) ? ", or by size with --min-rows" : ""
        return Problem(
            .ambiguousTarget, "\(count) \"\(words)\"", detail: listed(last, of: events),
            hint: "Choose one with --nth, counted from the earliest, the last with --latest\(bySize)"
                + byTransaction(last) + ".")
    }

    /// For those that a transaction did: undo takes its number, a restore stops just before it.
    private static func byTransaction(_ last: [WALEvent]) -> String {
        var options: [String] = []
        for event in last where event.xid.isNormal {
            let option = "--xid \(event.xid)"
            if !options.contains(option) { options.append(option) }
        }
        guard !options.isEmpty else { return "" }
        let shown = options.suffix(5).joined(separator: ", ")
        return "; or one by its transaction: \(shown), a restore with --exclusive"
    }

    /// One line for each of the last ones, with its number counted from the earliest.
    private static func listed(_ last: [WALEvent], of count: Int) -> String {
        let left = count - last.count
        let shown = last.enumerated().map { index, event in
            "\(left + index + 1). \(event.time?.description ?? "without a time") \(event) at \(event.boundary)"
                + (event.xid.isNormal ? ", transaction \(event.xid)" : "")
        }
        return (left > 0 ? "… \(left) earlier\n" : "") + shown.joined(separator: "\n")
    }
}
