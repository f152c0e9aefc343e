import Testing

@testable import Portal

/// Who was restored from whom, as the page of servers has it.
@Suite(.timeLimit(.minutes(5)))
struct FamilyTreeTests {
    @Test func `a copy stands in the list of its source, and what is deleted leads nowhere`() {
        var source = FamilyMember(
            "orders", group: "demo", place: nil, state: "Deleted", remarks: ["backups: 4 days"])
        source.copies = [
            FamilyMember(
                "<b>", group: "demo", place: .server(group: "demo", name: "<b>", .overview), state: "Ready",
                remarks: ["restored yesterday"])
        ]
        let text = FamilyMember.tree([source]).text
        #expect(
            text.hasPrefix(
                "<ul class=\"tree\"><li><strong>orders</strong> <span class=\"state still\">Deleted"))
        #expect(
            text.contains("<ul class=\"tree\"><li><a href=\"/portal/servers/demo/%3Cb%3E\">&lt;b&gt;</a>"))
        #expect(text.hasSuffix("restored yesterday</span></li></ul></li></ul>"))
    }
}
