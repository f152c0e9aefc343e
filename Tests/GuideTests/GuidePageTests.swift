import Testing

struct GuidePageTests {
    private static let sample = """
        # A page

        ```sh
        echo one
        ```
        ```text
        one
        ```

        ```console
        # never run
        ```

        ```sh
        date
        ```
        """

    @Test func `reads commands and what to expect of them`() throws {
        let page = try GuidePage(name: "sample", markdown: Self.sample)
        #expect(page.steps.map(\.commands) == [["echo one"], ["date"]])
        #expect(page.steps.map(\.line) == [4, 15])
        #expect(page.steps.map(\.expected.count) == [1, 0])
    }

    @Test func `a fence that is never closed is an error`() {
        #expect(throws: GuidePage.Flaw.unclosed(line: 2)) {
            try GuidePage(name: "sample", markdown: "```sh\necho one")
        }
    }

    @Test func `an expectation before any command is an error`() {
        #expect(throws: GuidePage.Flaw.nothingToExpectFrom(line: 2)) {
            try GuidePage(name: "sample", markdown: "```text\none\n```")
        }
    }

    @Test func `an ellipsis stands for anything, blanks do not count`() throws {
        let line = try #require(ExpectedLine("  commit of … at …"))
        #expect(line.matches("Last inside  commit of   transaction 725 at 12:00"))
        #expect(!line.matches("at noon, commit of 725"))
        #expect(ExpectedLine("   ") == nil)
    }

    @Test func `lines are expected in order`() throws {
        let expected = ["one", "two"].compactMap(ExpectedLine.init)
        #expect(ExpectedLine.firstMissing(expected, in: "one\nmore\ntwo\n") == nil)
        #expect(ExpectedLine.firstMissing(expected, in: "two\none\n")?.description == "two")
    }

    @Test func `output is told apart by step`() {
        #expect(GuideRun.outputs("noise\u{1E}0\na\nb\n\u{1E}1\n") == [0: "a\nb\n", 1: ""])
    }
}
