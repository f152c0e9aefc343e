import Testing

@testable import Portal

/// What a screen reader lists of a page: its headings, its tables, what it reads out by itself.
@Suite(.timeLimit(.minutes(5)))
struct ReadAloudTests {
    private func frame(_ title: String) -> Frame {
        var frame = Frame()
        frame.title = title
        frame.menu = [
            ("", [Frame.Link(.servers)]), ("Settings", [Frame.Link(.access)]),
        ]
        return frame
    }

    private var pages: [any Page] {
        var servers = ServersPage()
        servers.servers = [ServerLine()]
        servers.family = [FamilyMember("a", group: "g", place: nil, state: "Ready", remarks: [])]
        var backups = BackupsPage()
        backups.backups = [BackupsPage.Backup()]
        (backups.mayBackUp, backups.mayDelete, backups.mayRestore) = (true, true, true)
        backups.check = ArchiveCheck(isSound: false, facts: [], findings: ["gap"], findingCount: 1)
        var networking = NetworkingPage()
        networking.rules = [NetworkingPage.Rule("here", "127.0.0.1", "127.0.0.1")]
        (networking.maySave, networking.mayDelete) = (true, true)
        var notifications = NotificationsPage()
        notifications.lines = [NotificationsPage.Line()]
        var list = ListPage(.deleted, columns: ["Name", ""])
        list.listTitle = "Deleted servers"
        list.rows = [[.text("a"), .actions([])]]
        list.form = ListPage.Form("Restore", [])
        var result = ResultPage(.deleted, id: "r1")
        result.tables = [ResultPage.Table()]
        result.tables[0].rows = [ResultPage.Row()]
        result.maySeeRows = true
        var timeline = TimelinePage(
            view: Span(Moment(0, utc: "2026-11-29 04:37:12"), Moment(1_000_000, utc: "2026-11-29 04:37:13")))
        timeline.window = timeline.view
        timeline.events = [TimelinePage.Event()]
        var explain = ExplainPage()
        explain.steps = [ExplainPage.Step("Lay out", ["text"])]
        explain.records.records = [
            RecordList.Record(lsn: "0/1", xid: "", kind: "", sentence: "", names: "", isLeftOut: false)
        ]
        var pages: [any Page] = [
            servers, backups, networking, notifications, list, result, timeline, explain, PracticePage(),
            DeploymentPage(), OverviewPage(), CreatePage(), RestorePage(), ReviewPage(), ConfirmPage(),
        ]
        for place in pages.indices { pages[place].frame = frame("A title") }
        return pages
    }

    @Test func `headings begin with the page's own and leave no level out, and each table has a name`() {
        for page in pages {
            let text = page.document
            let levels = text.ranges(of: #/<h[1-6]/#).compactMap { text[$0].last?.wholeNumberValue }
            #expect(levels.first == 1 && levels.count { $0 == 1 } == 1, "\(type(of: page)): \(levels)")
            for (one, next) in zip(levels, levels.dropFirst()) {
                #expect(next <= one + 1, "\(type(of: page)): \(levels)")
            }
            for table in text.ranges(of: #/<table[^>]*>/#) {
                #expect(text[table].contains("aria-label=\""), "\(type(of: page)): \(text[table])")
            }
            #expect(!text.contains("scope=\"col\"></th>"), "\(type(of: page))")
        }
    }

    @Test func `what happened long ago interrupts nobody, and a refusal is told by the window's title`() {
        for page in pages { #expect(!page.document.contains("role=\"alert\""), "\(type(of: page))") }
        var page = BackupsPage()
        page.frame = frame("orders | Backup and restore")
        page.frame.notice = Frame.Notice(.bad, "no such backup")
        #expect(page.document.contains("<title>Refused: orders | Backup and restore - pitr</title>"))
        page.frame.notice = nil
        page.frame.standing = "Complete"
        #expect(page.document.contains("<title>Complete: orders | Backup and restore - pitr</title>"))
    }

    @Test func `a part that follows what happens says it in one sentence`() {
        var page = PracticePage()
        page.tasks = [
            .init("Bring the table back", [], finding: "all there", state: .done),
            .init("Undo the prices", [], finding: "999 prices are wrong", state: .now),
            .init("Bring the server back", [], finding: "", state: .later),
        ]
        #expect(
            page.document.contains(
                "data-said=\"1 of 3 tasks are done. Now: Undo the prices. Not yet: 999 prices are wrong.\""))
        var cut = TimelineCut()
        cut.lastInside = "commit of 733"
        cut.firstOutside = "commit of 734"
        cut.firstOutsideDid = ["DROP TABLE orders"]
        #expect(
            cut.html.text.contains(
                "data-said=\"Last inside: commit of 733. First left out: commit of 734: DROP TABLE orders.\"")
        )
        #expect(!cut.html.text.contains("aria-live"))
    }
}
