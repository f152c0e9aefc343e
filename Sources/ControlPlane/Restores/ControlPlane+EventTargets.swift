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
        let words = wanted.words
        let (found, read) = try selection(wanted.pattern, wanted.choice, of: reader, held)
        switch found {
        case .one(let target): return target
        case .several(let count, let last):
            throw Self.unclear(words, wanted.choice, last.map(\.event), of: count)
        case .none(let similar):
            throw Self.unknown(
                words, similar, on: reader.source.name, read?.gaps ?? [], read?.notes ?? [])
        }
    }

    private func selection(
        _ pattern: EventPattern, _ choice: EventChoice, of reader: SourceReader, _ held: HeldSource
    ) throws -> (EventSelection, EventsRead?) {
        let ofTable = RowInterest(minimumRows: 1, tables: pattern.names)
        let usual = RowInterest(minimumRows: EventQuery.usualMinimumRows)
        // Rows are looked at also where a least number is given: what was done to a table is the sum over its
        // partitions. The log is gone through again only where nothing fits, for what comes nearest.
        let interests = pattern.isOfRows ? [ofTable, usual, RowInterest(minimumRows: 1)] : [usual, ofTable]
        var found = EventSelection.none(similar: [])
        var read: EventsRead?
        for interest in interests {
            var selector = EventSelector(pattern, choice)
            read = try reader.readEvents(held, interest) { events in
                for event in events { selector.add(event) }
            }
            found = selector.finish()
            guard case .none(similar: []) = found else { break }
        }
        return (found, read)
    }

    /// Nothing fits; where log is missing that does not mean that it never happened.
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
            hint: "Choose one with --nth, counted from the earliest, the last with --latest\(bySize).")
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
