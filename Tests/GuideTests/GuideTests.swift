import Platform
import TestKit
import Testing

/// Every command of the guide works, in the order in which it stands there.
@Suite(.serialized)
struct GuideTests {
    private static let root = DurableFiles.parent(
        of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))
    private static let guide = root + "/docs/guide"

    /// Pages that are read by the account that owns the servers, who is not root.
    private static let ownersPages = ["restore-by-hand.md"]

    /// Pages for which azure-cli has to be there: `make az` installs it and runs them.
    private static let pagesOfAz = ["azure-cli.md"]

    /// Pages about two versions of PostgreSQL: `make test-versions` runs them where a newer one is to be had.
    private static let pagesOfVersions = PostgresFixture.major == "15" ? ["newer-postgres.md"] : []

    private static let pages: [String] =
        ((try? DurableFiles.list(guide)) ?? [])
        .filter { $0.hasSuffix(".md") && !(pagesOfAz + pagesOfVersions).contains($0) }.sorted()

    @Test(.enabled(if: PostgresFixture.major != "15", "an upgrade needs a newer version"))
    func `the page about a newer version works as written`() throws {
        let page = try Self.page("newer-postgres.md")
        try ProductUnderTest.use("guide") { product in
            try GuideRun(page: page, product: product, runner: SystemCommands()).run()
        }
    }

    @Test(arguments: pages) func `works as written`(_ name: String) throws {
        let page = try Self.page(name)
        try ProductUnderTest.use("guide") { product in
            let runner: any CommandRunner = Self.ownersPages.contains(name) ? RunAs() : SystemCommands()
            try GuideRun(page: page, product: product, runner: runner).run()
        }
    }

    @Test func `every page is there and has commands`() throws {
        #expect(Self.pages.count >= 6)
        for name in Self.pages { #expect(try !Self.page(name).steps.isEmpty, "\(name)") }
    }

    private static func page(_ name: String) throws -> GuidePage {
        let bytes = try DurableFiles.read(guide + "/" + name)
        return try GuidePage(name: name, markdown: String(decoding: bytes, as: UTF8.self))
    }
}
