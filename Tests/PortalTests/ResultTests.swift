import Testing

@testable import Portal

/// What came of an undo, as a page: all of it others have written.
@Suite(.timeLimit(.minutes(5)))
struct ResultTests {
    private static let hostile = "</td><script>alert(1)</script>\"'"

    private func page() -> ResultPage {
        var page = ResultPage(.server(group: "shop", name: "orders", .undo), id: "r1")
        page.frame.title = "Undo: transaction 745"
        var user = Frame.SignedIn()
        user.token = "secret-token"
        page.frame.signedIn = user
        page.sides = ["before", "after", "now"]
        var row = ResultPage.Row()
        row.key = Self.hostile
        row.outcome = "conflict"
        row.isConflict = true
        row.remark = Self.hostile
        row.cells = [(Self.hostile, [nil, "after", Self.hostile])]
        var table = ResultPage.Table()
        table.name = Self.hostile
        table.database = Self.hostile
        table.counts = [Fact("conflict", "1"), Fact(Self.hostile, "2")]
        table.rowCount = 3
        table.rows = [row]
        page.tables = [table]
        page.leftOut = [Self.hostile]
        page.notes = [Self.hostile]
        page.files = [("rows/\(Self.hostile).csv", "1 KiB")]
        page.maySeeRows = true
        return page
    }

    @Test func `names, keys and values stay text, and what was changed since is marked`() {
        let text = page().document
        #expect(!text.contains("<script>alert"))
        #expect(text.contains("<mark>&lt;/td&gt;&lt;script&gt;"))
        #expect(text.contains(">–</td>"), "no value on a side")
        #expect(text.contains("1 of 3 rows are shown"))
        #expect(text.contains("?id=r1&amp;file=rows%2F%3C%2Ftd%3E"))
    }

    @Test func `without the right to see rows no value is on the page`() {
        var page = page()
        page.maySeeRows = false
        page.files = []
        let text = page.document
        #expect(!text.contains("<mark>") && !text.contains("after</td>") && !text.contains("&amp;file="))
        #expect(text.contains("Your role does not show"))
    }

    @Test func `a preview offers its tables ticked, the rules, and sends the session's token`() {
        var page = page()
        var form = ResultPage.Form()
        form.rules = [Choice("stop"), Choice("skip")]
        form.once = "once-1"
        page.form = form
        page.mayDelete = true
        let forms = page.document.split(separator: "<form").dropFirst().filter {
            $0.contains("method=\"post\"") && !$0.contains("sign-out")
        }
        #expect(forms.count == 2)
        #expect(forms.allSatisfy { $0.contains("name=\"token\" value=\"secret-token\"") })
        #expect(forms.first?.contains("name=\"table0\"") == true)
        page.form?.hasConflicts = true
        page.form?.decisions = [Choice(""), Choice("skip")]
        page.tables[0].rows[0].field = "decision0"
        page.tables[0].rows[0].decision = "skip"
        let text = page.document
        #expect(text.contains("<select name=\"decision0\" form=\"script\""), "it belongs to the form")
        #expect(text.contains("<option value=\"skip\" selected>"))
        #expect(!text.contains("<script>alert"))
        page.form?.conflictsBesides = 17
        page.form?.decisionCommand = "pitr undo --xid 745 --decisions conflicts.csv"
        page.files.append(("conflicts.csv", "1 KiB"))
        let many = page.document
        #expect(many.contains("17 more rows in conflict") && many.contains("--decisions conflicts.csv"))
        #expect(many.contains("&amp;file=conflicts.csv"))
        #expect(!text.contains("more rows in conflict"))
        var part = ResultPage.Part(number: 1, rowsOfPage: 25, count: 80)
        part.unforced = 7
        page.tables[0].part = part
        page.tables[0].rows[0].mayBeForced = false
        page.form?.decisions = [Choice(""), Choice("before"), Choice("skip")]
        page.form?.chosen = "4b"
        page.form?.chosenBesides = ["before for 1 row"]
        let pages = page.document
        for way in ["0:0", "0:2", "0:3"] {
            #expect(pages.contains("<button form=\"script\" name=\"show\" value=\"\(way)\" formaction="))
        }
        #expect(pages.contains("Rows in conflict 26 to 50 of 80") && pages.contains("value=\"4b\""))
        #expect(pages.contains("7 of them cannot get") && pages.contains("before for 1 row"))
        #expect(!pages.contains("<option value=\"before\""), "not for a row that cannot be forced")
        page.maySeeRows = false
        #expect(!page.document.contains("decision0"))
        #expect(forms.first?.contains("checked") == true && forms.first?.contains("value=\"skip\"") == true)
    }
}
