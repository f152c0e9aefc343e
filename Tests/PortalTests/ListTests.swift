import Testing

@testable import Portal

/// Lists as values: deleted servers, parameters, databases, the activity log, who may sign in.
@Suite(.timeLimit(.minutes(5)))
struct ListTests {
    private func page(_ rows: [[ListPage.Cell]] = []) -> ListPage {
        var page = ListPage(.deleted, columns: ["Name", "Status", ""])
        page.frame.title = "Deleted servers"
        var user = Frame.SignedIn()
        user.token = "secret-token"
        page.frame.signedIn = user
        page.once = "once-1"
        page.rows = rows
        return page
    }

    @Test func `every form of a list carries the session's token, and is sent once`() {
        var page = page([
            [
                .text("orders"), .state("Dropped"),
                .actions([
                    ListPage.Action(
                        "Delete", "orders", .deleted, fields: [("do", "delete")],
                        confirmation: "Delete for good")
                ]),
            ]
        ])
        page.form = ListPage.Form("Add", [ListPage.Form.Field("Name", "name", "a\"b")])
        let forms = page.document.split(separator: "<form").dropFirst().filter {
            $0.contains("method=\"post\"") && !$0.contains("sign-out")
        }
        #expect(forms.count == 2)
        for form in forms {
            #expect(form.contains("name=\"token\" value=\"secret-token\""))
            #expect(form.contains("name=\"once\" value=\"once-1\""))
        }
        #expect(page.document.contains("value=\"a&quot;b\""))
    }

    @Test func `what is gone with a click is asked for once more`() {
        let action = ListPage.Action(
            "Delete", "orders", .access, fields: [], confirmation: "Delete for good")
        let text = page([[.text("orders"), .text(""), .actions([action])]]).document
        #expect(text.contains("<summary aria-label=\"Delete orders\">Delete</summary>"))
        #expect(text.contains("Delete for good</button>"))
    }

    @Test func `an older part of a list is exported as it is shown, and a search begins anew`() {
        var page = page([[.text("orders"), .text(""), .text("")]])
        page.kept = [("status", "Failed")]
        page.part = [("to", "1792886400000000")]
        page.searchLabel = "Search"
        let text = page.document
        #expect(text.contains("?format=csv&amp;status=Failed&amp;to=1792886400000000"))
        #expect(!text.contains("name=\"to\""))
    }

    @Test func `an activity log that is as full as it gets is not too large`() {
        let line = "  \"correlationId\": \"6f1d0c9e-5b7a-4c1e-9d55-0123456789ab\",\n"
        let json = String(repeating: line, count: 55)
        let row: [ListPage.Cell] = [
            .text("Write PostgreSQL Firewall Rule", sub: String(repeating: "a", count: 200)),
            .state("Failed"), .hidden("JSON", exact: json),
        ]
        var page = page(Array(repeating: row, count: 25))
        page.columns = ["Operation", "Status", "JSON"]
        #expect(page.document.utf8.count < 150_000, "\(page.document.utf8.count) bytes")
    }

    @Test func `names that people chose stay text in every kind of cell`() {
        let name = "</td><script>1</script>"
        var page = page([
            [.text(name, sub: name), .state(name), .link(name, .servers, sub: name)],
            [.exact(name, sub: name), .hidden(name, exact: name), .text(name)],
        ])
        page.columns = [name, name, name]
        page.search = name
        page.searchLabel = name
        page.filters = [ListPage.Filter(name, query: "", isCurrent: true)]
        page.form = ListPage.Form(
            name, [ListPage.Form.Field(name, "a", name, hint: name, choices: [Choice(name)])])
        #expect(!page.document.contains("<script>1") && !page.document.contains(" style="))
    }

    @Test func `a list is exported without its buttons`() {
        let rows = page([[.link("orders", .servers, sub: "id"), .state("Dropped"), .actions([])]]).table
        #expect(rows.columns == ["Name", "Status"] && rows.rows == [["orders", "Dropped"]])
    }

    @Test func `an export has what was searched for`() {
        var page = page([[.text("orders"), .state("Dropped"), .text("")]])
        page.search = "a&b"
        page.kept = [("show", "modified")]
        #expect(page.document.contains("?format=csv&amp;show=modified&amp;search=a%26b\""))
    }

    @Test(arguments: [Place.deleted, .activity, .access])
    func `the places beside the servers are found again`(place: Place) {
        let words = place.path.split(separator: "/").dropFirst().map(String.init)
        #expect(Place(words) == place)
    }

    @Test func `only who may call it off is offered that, and only while it goes on`() {
        var page = DeploymentPage()
        page.mayCancel = true
        #expect(page.document.contains("Cancel deployment"))
        page.outcome = .complete
        #expect(!page.document.contains("Cancel deployment"))
        page.outcome = .inProgress
        page.mayCancel = false
        #expect(!page.document.contains("Cancel deployment"))
    }
}
