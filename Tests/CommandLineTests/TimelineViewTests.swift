import ArgumentParser
import AzureAPI
import Platform
import PostgresFormat
import ServiceModel
import ServiceSamples
import Testing
import WALEvents

@testable import pitr

struct TimelineViewTests {
    private func minute(_ number: Int, _ commits: Int) -> EventHistory.Minute {
        EventHistory.Minute(
            start: PostgresTimestamp(microseconds: Int64(number) * 60_000_000), commits: commits)
    }

    @Test func `a bar is as high as its part of the highest, and nothing is no bar`() throws {
        let line = try #require(Sparkline([minute(0, 1), minute(1, 800), minute(3, 400)], width: 60))
        #expect(line.text == "▁█·▄")
        #expect(line.commits == 1201 && line.minutesPerBar == 1)
        #expect(line.end.microseconds - line.start.microseconds == 4 * 60_000_000)
    }

    @Test func `a long time has no more bars than there is room`() throws {
        let line = try #require(
            Sparkline([minute(0, 5), minute(1_000_000, 5), minute(1_000_001, 1)], width: 60))
        #expect(line.text.count <= 60)
        #expect(line.text.first == "▆" || line.text.first == "▇")
        #expect(Sparkline([], width: 60) == nil)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (8400, "8 400"), (1_234_567, "1 234 567"), (-5000, "-5 000")])
    func `sets thousands apart`(_ number: Int, _ text: String) {
        #expect(TimelineView.grouped(Int64(number)) == text)
    }

    @Test func `says an event with its rows and what was altered`() {
        let object = EventObject(
            database: "shop", databaseID: ObjectID(5), schema: "public", name: "orders", number: 16_384)
        var event = WALEvent(
            action: .delete, subject: .table, object: object, rows: 8400, xid: TransactionID(745),
            record: LSN(100), commit: LSN(200), boundary: LSN(200))
        #expect(TimelineView.words(for: event) == "DELETE public.orders in database shop, 8 400 rows")
        event.action = .alter
        event.rows = nil
        event.details = ["column a added", "column b dropped"]
        #expect(
            TimelineView.words(for: event)
                == "ALTER TABLE public.orders in database shop: column a added, column b dropped")
    }

    @Test func `a command to be pasted names the group where it is not the usual one`() {
        #expect(GroupOption.words("local").isEmpty)
        #expect(GroupOption.words("legal") == " -g legal")
        #expect(GroupOption.words("a (b)") == " -g 'a (b)'")
    }

    @Test func `checkpoints are in the table on request only, and always in the document`() throws {
        var history = ServerHistory(server: .fresh)
        history.happened.events = [
            WALEvent(
                action: .checkpoint, subject: .server, object: EventObject(), details: ["redo 0/28"],
                record: LSN(100), boundary: LSN(100)),
            WALEvent(
                action: .restorePoint, subject: .server, object: EventObject(name: "here"), record: LSN(200),
                boundary: LSN(200)),
        ]
        func events(_ view: TimelineView) -> [String] {
            view.text.lines.compactMap { line in
                guard case .command(let text) = line else { return nil }
                return String(text.drop { $0 == " " })
            }
        }
        let usual = events(TimelineView(history: history, onlyEvents: true))
        #expect(usual == ["0/C8  -  RESTORE POINT here"])
        let all = events(TimelineView(history: history, onlyEvents: true, showsCheckpoints: true))
        #expect(all == ["0/64  -  CHECKPOINT: redo 0/28"] + usual)
        history.happened.events.removeLast()
        let none = TimelineView(history: history, onlyEvents: true).text
        #expect(none.lines.contains(.item("none")))
        let document = TimelineDocument(history, minRows: 1) { _ in nil }
        #expect(document.events.map(\.action) == ["checkpoint"])
        #expect(document.events.map(\.details) == [["redo 0/28"]])
    }

    @Test func `takes times as restore does, and says what is wrong with one`() throws {
        let command = try #require(
            try Pitr.parseAsRoot(
                ["timeline", "-s", "shop", "--from", "10 minutes ago", "--to", "1 minute ago"])
                as? TimelineCommand)
        let from = try #require(command.from)
        let to = try #require(command.to)
        #expect((540...541).contains((to.instant.microseconds - from.instant.microseconds) / 1_000_000))
        #expect(try #require(from.note).hasPrefix("'10 minutes ago' is \(from.instant)"))
        do {
            _ = try Pitr.parseAsRoot(["timeline", "-s", "shop", "--from", "yesterday"])
        } catch {
            #expect(Pitr.message(for: error).contains("'yesterday 18:00'"), "\(Pitr.message(for: error))")
        }
    }

    @Test func `says why there is nothing to see`() {
        var history = ServerHistory(server: .fresh)
        history.from = PostgresTimestamp(microseconds: 1)
        history.to = PostgresTimestamp(microseconds: 999_999)
        let text = TimelineView(history: history, isNarrowed: true).text.render()
        #expect(text.contains("Restorable  nothing yet: no backup is complete"))
        #expect(text.contains("Events from 2000-01-01T00:00:00.000001Z to 2000-01-01T00:00:00.999999Z"))
        #expect(text.contains("none that fits"))
        #expect(!text.contains("--all"))
        history.happened.leastCountedRows = 100
        let long = TimelineView(history: history).text.render().split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        #expect(
            long.contains(
                "not every change of fewer than 100 rows is here: in so much WAL they are looked for only "
                    + "when asked: --all, or --from"))
    }

    @Test func `says how many changes it does not show, of which tables`() throws {
        func table(_ name: String) -> EventObject {
            EventObject(
                database: "shop", databaseID: ObjectID(5), schema: "public", name: name, number: 16_384)
        }
        var history = ServerHistory(server: .fresh)
        history.happened.hidden = [
            EventHistory.Hidden(table: table("orders"), changes: 1200, largestRows: 900),
            EventHistory.Hidden(table: table("bills"), changes: 1, largestRows: 100),
        ]
        history.happened.leastCountedRows = 100
        let text = TimelineView(history: history).text.render().split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
        #expect(
            text.contains(
                "not shown: 1 201 changes of 100 to 999 rows, 1 200 of public.orders in database "
                    + "shop (up to 900 rows), 1 of public.bills in database shop (up to 100 rows); "
                    + "--all shows them; not every change of fewer than 100 rows is here: in so much WAL they "
                    + "are looked for only when asked"
            ),
            "\(text)")
        history.happened.leastCountedRows = 1
        #expect(
            TimelineView(history: history).text.render().contains(
                "not shown: 1 201 changes of fewer than 1 000 "))
        let document = TimelineDocument(history, minRows: 1000) { _ in nil }
        #expect(document.hidden.map(\.table) == ["shop.orders", "shop.bills"])
        #expect(document.hidden.map(\.schema) == ["public", "public"])
        #expect(document.hidden.map(\.changes) == [1200, 1])
    }

    @Test func `refuses a range that ends before it begins, no rows, and a name of four parts`() {
        let bad = [
            ["--from", "2026-03-22T10:00:00Z", "--to", "2026-03-22T09:00:00Z"], ["--min-rows", "0"],
            ["--table", "a.b.c.d"], ["--table", "\"a"], ["--from", "yesterday"],
            ["--to", "2026-10-25 02:30:00 Europe/Paris"],
        ]
        for options in bad {
            #expect(throws: (any Error).self) {
                _ = try Pitr.parseAsRoot(["timeline", "-s", "shop"] + options)
            }
        }
        #expect(throws: Never.self) {
            _ = try Pitr.parseAsRoot(["timeline", "-s", "shop", "--table", "public.\"Order Items\""])
        }
    }
}
