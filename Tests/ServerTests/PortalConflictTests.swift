import Planning
import ServiceModel
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform
@testable import Portal
@testable import Server

/// Rows in conflict beyond those that a result shows: pages of them, and choices that go along.
@Suite(.timeLimit(.minutes(5)))
struct PortalConflictTests {
    private let test: APIUnderTest
    private let kept: KeptResult
    private let server: ServerDetails

    /// A preview with 60 rows in conflict of two cells each in one table, the last ten of which cannot be
    /// forced, and three rows of one cell in another; row 40 was decided before.
    init() throws {
        test = try APIUnderTest()
        server = try test.enteredServer()
        var asked = UndoRequest(
            resourceGroup: "shop", sourceServer: "orders", wanted: .transactions([TransactionNumber(745)]))
        asked.isPreview = true
        var result = test.result(server, asked, sides: ["b", "a", "n"])
        var lines = "table,key,change,verdict,column,before,after,now,written_since,reason,decision\n"
        for row in 0..<60 {
            for column in ["a", "b"] {
                let decision = row == 40 ? "skip" : ""
                lines += "public.t,id=\(row),update,conflict,\(column),x\(row),y,z,746 at noon,,\(decision)\n"
            }
        }
        for row in 0..<3 { lines += "public.u,id=\(row),update,conflict,a,x,y,z,,gone,\n" }
        var one = KeptResult.Table(
            database: "postgres", name: "public.t", remark: "", counts: [.init("conflict", 60)], rows: [])
        one.conflictRuns = [
            .init(rows: 50, cells: 2, mayBeForced: true), .init(rows: 10, cells: 2, mayBeForced: false),
        ]
        one.rows = (0..<25).map { Self.row($0, record: 2 * $0, cells: 2) }
        var other = KeptResult.Table(
            database: "postgres", name: "public.u", remark: "", counts: [.init("conflict", 3)], rows: [])
        other.conflictRuns = [.init(rows: 3, cells: 1, mayBeForced: true)]
        other.rows = (0..<3).map { Self.row($0, record: 120 + $0, cells: 1) }
        result.tables = [one, other]
        result.conflictRows = 63
        let store = test.controlPlane.results
        let written = try store.begin("r1")
        try DurableFiles.makeDirectories(store.files("r1"))
        try DurableFiles.write(Array(lines.utf8), to: store.files("r1") + "/conflicts.csv")
        try store.finish(result, written)
        kept = try test.controlPlane.showResult("r1")
    }

    private static func row(_ number: Int, record: Int, cells: Int) -> KeptResult.Row {
        var row = KeptResult.Row(
            key: "id=\(number)", outcome: "conflict", isConflict: true, remark: "",
            cells: [KeptResult.Cell(column: "a", values: ["x", "y", "z"])])
        row.record = record
        row.recordCount = cells
        return row
    }

    private func pages(_ form: [String: String]) -> PortalPages {
        let request = APIRequest(
            method: "POST", target: "/portal", host: "127.0.0.1:8443", peer: Peer(isLoopback: true) { 7 })
        let session = PortalSessions.Session(
            identity: Identity.local.id, user: 7, token: "secret-token", expiresAt: 1_900_000_000_000_000)
        return PortalPages(
            PortalVisit(
                controlPlane: test.controlPlane, request: request, identity: .local, session: session,
                wake: {}, sent: PortalSentForms(), passwords: PortalPasswords()), form)
    }

    private func page(_ form: [String: String]) throws -> ResultPage {
        try pages(form).page(kept, server, .undo, ConflictChoices(form, tables: 2))
    }

    /// What a browser sends of a page, with what is chosen there besides.
    private func fields(_ page: ResultPage, _ changed: [String: String] = [:]) throws -> [String: String] {
        var fields = ["conflicts": try #require(page.form).rule, "chosen": try #require(page.form).chosen]
        for (number, table) in page.tables.enumerated() {
            if table.isTicked { fields["table\(number)"] = table.name }
            if let part = table.part {
                fields["page\(number)"] = String(part.number)
                fields["rule\(number)"] = part.rule
            }
            for row in table.rows where !row.field.isEmpty { fields[row.field] = row.decision }
        }
        return fields.merging(changed) { _, new in new }
    }

    private func decided(_ form: [String: String]) throws -> [String: String] {
        let chosen = try ConflictChoices(form, tables: 2)
        let places = [0, 1].filter { !chosen.unticked.contains($0) }
        let all = try pages(form).decisions(kept, places, [earlier], chosen, server) ?? []
        // Each of a row's cells is decided, and all of them alike.
        let rows = Dictionary(grouping: all) { "\($0.table) \($0.key)" }
        for (row, cells) in rows where row.hasPrefix("public.t") && row != "public.t id=40" {
            #expect(cells.map(\.column).sorted() == ["a", "b"] && Set(cells.map(\.choice)).count == 1)
        }
        return rows.compactMapValues { $0.first?.choice.rawValue }
    }

    private let earlier = ConflictDecision(
        table: "public.t", key: "id=40", column: "a", before: "x40", after: "y", now: "z", choice: .skip)

    // MARK: Pages

    @Test func `choices go along from page to page, and what is sent is what was chosen on all of them`()
        throws
    {
        let first = try page(["table0": "public.t", "table1": "public.u"])
        #expect(first.tables[0].part?.range == "1 to 25 of 60" && first.tables[0].rows.count == 25)
        #expect(first.tables[1].part == nil && first.form?.conflictsBesides == 0)
        #expect(first.form?.chosenBesides == ["skip for 1 row"], "decided before, and on the second page")
        let second = try page(fields(first, ["decision4": "before", "decision120": "now", "show": "0:1"]))
        #expect(second.tables[0].part?.range == "26 to 50 of 60")
        #expect(second.tables[0].rows.map(\.key) == (25..<50).map { "id=\($0)" })
        #expect(second.tables[0].rows[0].cells.map(\.column) == ["a", "b"])
        #expect(second.tables[0].rows[0].remark == "written since by 746 at noon")
        #expect(second.tables[0].rows[15].decision == "skip" && second.tables[1].rows[0].decision == "now")
        #expect(second.form?.chosen == "4b" && second.form?.chosenBesides == ["before for 1 row"])
        let third = try page(fields(second, ["decision50": "skip", "decision80": "", "show": "0:9"]))
        #expect(third.tables[0].part?.range == "51 to 60 of 60" && third.tables[0].rows.count == 10)
        #expect(third.form?.chosen == "4b,50s,80r" && third.tables[0].rows.allSatisfy { !$0.mayBeForced })
        let back = try page(fields(third, ["decision118": "now", "show": "0:0"]))
        #expect(back.tables[0].rows[2].decision == "before" && back.form?.chosen == "50s,80r,118n")
        #expect(
            try decided(fields(back)) == [
                "public.t id=2": "before", "public.u id=0": "now", "public.t id=25": "skip",
                "public.t id=59": "now",
            ])
    }

    @Test func `a rule for a table decides its rows as they were seen, but for those that are chosen`() throws
    {
        let first = try page(["table0": "public.t", "table1": "public.u"])
        #expect(first.tables[0].part?.unforced == 10)
        var all = try decided(fields(first, ["rule0": "before", "decision4": "now"]))
        // What cannot be forced is left to the rule for all, and what was decided before stays.
        #expect(all.count == 50 && all["public.t id=2"] == "now" && all["public.t id=40"] == "skip")
        #expect(all.values.count { $0 == "before" } == 48 && all["public.t id=50"] == nil)
        all = try decided(fields(first, ["rule0": "skip"]))
        #expect(all.count == 60 && Set(all.values) == ["skip"])
        var form = try fields(first, ["rule0": "skip"])
        form["table0"] = nil
        #expect(try decided(form) == ["public.t id=40": "skip"], "a table that is not taken back")
        let shown = try page(fields(first, ["rule0": "now", "show": "0:1"]))
        #expect(shown.tables[0].part?.rule == "now" && shown.document.contains("value=\"now\" selected"))
    }

    @Test func `before is not offered for a row that cannot get it, also where all rows are on the page`()
        throws
    {
        var result = kept
        // Twenty rows of two cells and five that cannot be forced, then two rows of one cell and one.
        result.tables[0].conflictRuns = [
            .init(rows: 20, cells: 2, mayBeForced: true), .init(rows: 5, cells: 2, mayBeForced: false),
        ]
        result.tables[1].conflictRuns = [
            .init(rows: 2, cells: 1, mayBeForced: true), .init(rows: 1, cells: 1, mayBeForced: false),
        ]
        result.tables[1].rows = (0..<3).map { Self.row($0, record: 50 + $0, cells: 1) }
        result.conflictRows = 28
        let form = ["table0": "public.t", "table1": "public.u"]
        func shown() throws -> ResultPage {
            try pages(form).page(result, server, .undo, ConflictChoices(form, tables: 2))
        }
        let page = try shown()
        #expect(page.form?.conflictsBesides == 0 && page.tables.allSatisfy { $0.part == nil })
        #expect(page.tables[0].rows.map(\.mayBeForced) == (0..<25).map { $0 < 20 })
        #expect(page.tables[1].rows.map(\.mayBeForced) == [true, true, false])
        #expect(page.document.ranges(of: "<option value=\"before\">before: its old values").count == 22)
        // Where it is not known, it is offered as before, and refused when it cannot be carried out.
        result.tables[0].conflictRuns = nil
        #expect(try shown().tables.allSatisfy { $0.rows.allSatisfy(\.mayBeForced) })
    }

    @Test func `what no page offers is refused, and nothing is decided`() throws {
        let fields = try fields(page(["table0": "public.t", "table1": "public.u"]))
        for (name, value) in [
            ("chosen", "4x"), ("chosen", "b"), ("decision4", "maybe"), ("rule0", "stop"),
            ("decision5", "now"),
            ("decision999", "now"), ("decision-2", "now"),
        ] {
            var form = fields
            form[name] = value
            #expect(throws: Problem.self, "\(name)=\(value)") { try decided(form) }
        }
    }

    @Test(arguments: [nil, [], [KeptResult.ConflictRun(rows: 61, cells: 2, mayBeForced: true)]])
    func `where it is not known which cells are of one row, the file is the way`(
        runs: [KeptResult.ConflictRun]?
    ) throws {
        var result = kept
        result.tables[0].conflictRuns = runs
        #expect(try test.controlPlane.conflicts(of: result) == nil)
        let form = ["table0": "public.t", "table1": "public.u"]
        let page = try pages(form).page(result, server, .undo, ConflictChoices(form, tables: 2))
        #expect(page.form?.conflictsBesides == 35 && page.tables[0].part == nil)
        #expect(page.tables[0].rows.count == 25 && page.document.contains("35 more rows in conflict"))
    }
}
