import Testing

@testable import Server

struct FormPostTests {
    @Test func `keeps what was sent apart from the page`() {
        let page = FormPost.page(to: "http://localhost:1/", fields: [("state", "\"><script>")])
        #expect(page.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !page.contains("<script>"))
    }
}
