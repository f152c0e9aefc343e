import ControlPlane
import Planning
import Platform
import PostgresFormat
import ServiceModel
import WALEvents

/// What happened on a server, for a person.
struct TimelineView {
    let history: ServerHistory
    /// Only the events, without what is held.
    var onlyEvents = false
    /// A busy server has one every few minutes, and hardly ever is one what somebody looks for.
    var showsCheckpoints = false
    /// Whether only one table's events were asked for, and how many rows make a change an event.
    var isNarrowed = false
    var minRows = EventQuery.usualMinimumRows

    private var shown: [WALEvent] {
        showsCheckpoints
            ? history.happened.events : history.happened.events.filter { $0.action != .checkpoint }
    }

    var text: PersonText {
        var text = PersonText()
        if !onlyEvents { addWindow(to: &text) }
        text.heading(heading)
        let shown = shown
        let lsnWidth = shown.map { ($0.commit ?? $0.record).description.count }.max() ?? 0
        let xidWidth = shown.map { $0.xid.description.count }.max() ?? 0
        for event in shown {
            text.command(Self.line(of: event, lsnWidth, xidWidth))
            if let command = command(before: event) { text.command("    " + command) }
        }
        if shown.contains(where: { $0.changesRows && command(before: $0) != nil }) {
            let group = GroupOption.words(history.server.resourceGroup)
            text.item(
                "'pitr undo\(group) -s \(source) --xid …' takes the rows of one transaction back")
        }
        if shown.contains(where: { command(before: $0) != nil }) {
            text.item("--allow 127.0.0.1 with a restore lets clients of this machine into the copy")
        }
        if shown.isEmpty { text.item(isNarrowed ? "none that fits" : "none") }
        if let leftOut { text.item(leftOut) }
        for note in history.happened.notes { text.item(note) }
        return text
    }

    private var heading: String {
        guard let from = history.from, let to = history.to else { return "Events" }
        return "Events from \(from) to \(to)"
    }

    /// What is not shown for being small, and how to see it.
    private var leftOut: String? {
        let hidden = history.happened.hidden
        let least = history.happened.leastCountedRows
        let unknown =
            least > 1
            ? "not every change of fewer than \(Self.grouped(least)) rows is here: in so much WAL they are "
                + "looked for only when asked"
            : nil
        guard !hidden.isEmpty else { return unknown.map { "\($0): --all, or --from and --to" } }
        let count = hidden.reduce(0) { $0 + $1.changes }
        let tables = hidden.prefix(5).map { hidden in
            "\(Self.grouped(Int64(hidden.changes))) of \(hidden.table.words) "
                + "(up to \(Self.grouped(hidden.largestRows)) \(hidden.largestRows == 1 ? "row" : "rows"))"
        }
        let more = hidden.count - tables.count
        let told =
            least > 1
            ? "\(Self.grouped(least)) to \(Self.grouped(minRows - 1)) rows"
            : "fewer than \(Self.grouped(minRows)) rows"
        return "not shown: \(Self.grouped(Int64(count))) \(count == 1 ? "change" : "changes") of "
            + "\(told), " + tables.joined(separator: ", ")
            + (more > 0 ? " and of \(more) more \(more == 1 ? "table" : "tables")" : "")
            + "; --all shows them" + (unknown.map { "; \($0)" } ?? "")
    }

    // MARK: What is held

    private func addWindow(to text: inout PersonText) {
        text.heading("\(history.server.name) (resource group \(history.server.resourceGroup))")
        if let earliest = history.earliest, let latest = history.latest {
            text.field("Restorable", "\(earliest) to \(latest)")
        } else {
            text.field(
                "Restorable",
                history.backups.isEmpty
                    ? "nothing yet: no backup is complete" : "nothing: there is no sound backup")
        }
        for gap in history.happened.gaps { text.field("Gap", Self.words(for: gap)) }
        if history.happened.gaps.isEmpty { text.field("Gaps", "none") }
        for backup in history.backups {
            text.field(
                "Backup",
                backup.damage.map { "\(backup.name), not usable: \($0)" }
                    ?? "\(backup.stopTime.wholeSeconds) \(backup.name)")
        }
        if let line = Sparkline(history.happened.activity, width: 60) {
            text.field("Commits", line.text)
            text.field(
                "",
                "\(Self.grouped(Int64(line.commits))) from \(line.start.wholeSeconds) to "
                    + "\(line.end.wholeSeconds), a bar is \(line.minutesPerBar) min")
        }
    }

    private static func words(for gap: EventHistory.Gap) -> String {
        let range = gap.count == 1 ? "\(gap.first)" : "\(gap.first) to \(gap.last)"
        let when = gap.after.map { " after \($0.wholeSeconds)" } ?? ""
        return "\(range)\(when): \(gap.count == 1 ? "this segment is" : "these segments are") missing; "
            + "nothing between this and the next backup can be restored"
    }

    // MARK: Events

    /// `2026-03-22T18:20:22.123456Z  0/3000128  745  DROP TABLE public.orders in database shop`
    private static func line(of event: WALEvent, _ lsnWidth: Int, _ xidWidth: Int) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let time = padded(event.time?.description ?? "", 27)
        let lsn = padded((event.commit ?? event.record).description, lsnWidth)
        let xid = padded(event.xid == .none ? "-" : event.xid.description, xidWidth)
        return "\(time)  \(lsn)  \(xid)  \(words(for: event))"
    }

    /// `DELETE public.orders in database shop, 8 400 rows`
    static func words(for event: WALEvent) -> String {
        let rows = event.rows.map { ", \(grouped($0)) \($0 == 1 ? "row" : "rows")" } ?? ""
        return event.words + rows
            + (event.details.isEmpty ? "" : ": " + event.details.joined(separator: ", "))
    }

    /// Thousands apart: `8 400`.
    static func grouped(_ number: Int64) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { index, digit -> [Character] in
                let isBoundary =
                    index > 0 && digit != "-" && digits[index - 1] != "-"
                    && (digits.count - index) % 3 == 0
                return isBoundary ? [" ", digit] : [digit]
            })
    }

    /// The server by its name while it has one.
    private var source: String { history.server.deletedAt != nil ? history.server.id : history.server.name }

    /// What restores to just before an event; nil where no backup reaches that far back.
    func command(before event: WALEvent) -> String? {
        guard history.backups.contains(where: { $0.damage == nil && $0.stopLSN <= event.boundary }) else {
            return nil
        }
        // The transaction, since its time may be that of others too; where none decides, the record itself.
        let target: RecoveryTarget =
            event.commit == event.boundary && event.xid.isNormal
            ? .transaction(TransactionNumber(UInt64(event.xid.rawValue)), exclusive: true)
            : .position(event.boundary, exclusive: true)
        let server = history.server
        let group = GroupOption.words(server.resourceGroup)
        return "pitr restore -n \(SuggestedName.before(on: server.name))\(group) --source-server \(source) "
            + target.options.joined(separator: " ")
    }
}
