import Testing

@testable import Portal

/// Pages are values: what they say is read here without a socket, a server or a browser.
@Suite(.timeLimit(.minutes(5)))
struct PageTests {
    private func frame(_ title: String) -> Frame {
        var frame = Frame()
        frame.title = title
        var user = Frame.SignedIn()
        user.name = "<i>ann</i>"
        user.role = "Owner"
        user.token = "secret-token"
        frame.signedIn = user
        return frame
    }

    /// The words that a reader meets, in order.
    private func expectInOrder(_ words: [String], _ page: String) {
        var rest = page[...]
        for word in words {
            guard let found = rest.firstRange(of: word) else {
                Issue.record("'\(word)' is missing, or stands elsewhere")
                return
            }
            rest = rest[found.upperBound...]
        }
    }

    @Test func `restore has Azure's words in Azure's order`() {
        var page = RestorePage()
        page.frame = frame(Place.ServerPlace.restore.title(of: "orders"))
        page.backups = [Choice("backup_1")]
        expectInOrder(
            [
                "Create Azure Database for PostgreSQL flexible server - Restore server", "Basics",
                "Review + create", "Project details", "Subscription", "Resource group", "Source details",
                "Source server", "Geo-redundant restore", "Earliest restore point",
                "Point-in-time-restore (PITR)", "Latest restore point (Now)",
                "Select a custom restore point",
                "Select Fast restore point (Restore using full backup only)", "Custom restore point (UTC)",
                "Fast Restore point (UTC)", "Server details", "Name", "Location", "PostgreSQL version",
                "Availability zone", "No preference", "Compute + storage",
                "Can&#39;t be changed and is automatically set to the same value as the source server",
                "Here only", "Review + create",
            ], page.document)
    }

    @Test func `the plan carries what was typed on to Create`() {
        var page = ReviewPage()
        page.frame = frame(Place.ServerPlace.restore.title(of: "orders"))
        page.form.moment = .custom
        page.form.words = "yesterday \"18:00\""
        page.cut = "0/3001B00 "
        page.once = "once-1"
        let text = page.document
        for (name, value) in page.form.fields {
            #expect(text.contains("name=\"\(name)\" value=\"\(HTML.escaped(value))\""))
        }
        #expect(text.contains("value=\"0/3001B00 \"") && text.contains("value=\"once-1\""))
    }

    @Test func `every form carries the session's token`() {
        var compute = ComputePage()
        compute.frame = frame("Compute + storage")
        compute.maySave = true
        var create = CreatePage()
        create.frame = frame("Create")
        var confirm = ConfirmPage()
        confirm.frame = frame("Stop")
        var networking = NetworkingPage()
        networking.frame = frame("Networking")
        (networking.maySave, networking.mayDelete, networking.client) = (true, true, "127.0.0.1")
        networking.rules = [NetworkingPage.Rule("here", "127.0.0.1", "127.0.0.1")]
        var backups = BackupsPage()
        backups.frame = frame("Backup and restore")
        (backups.mayBackUp, backups.mayDelete) = (true, true)
        var backup = BackupsPage.Backup()
        backup.isOnDemand = true
        backups.backups = [backup]
        let pages: [any Page] = [compute, create, confirm, networking, backups]
        for text in pages.map(\.document) {
            let forms = text.components(before: "method=\"post\"")
            #expect(forms.count > 1)
            for form in forms { #expect(form.contains("name=\"token\" value=\"secret-token\"")) }
        }
    }

    @Test func `backups go on to newer and older ones of the same kind`() {
        var page = BackupsPage()
        page.filter = .onDemand
        page.backups = [BackupsPage.Backup()]
        #expect(!page.document.contains(">Newer<") && !page.document.contains(">Older<"))
        (page.newer, page.older) = (0, 200)
        #expect(page.document.contains("?type=On-demand&amp;after=0\">Newer<"))
        #expect(page.document.contains("?type=On-demand&amp;after=200\">Older<"))
    }

    @Test func `whoever may not change a server is shown no button`() {
        var page = ComputePage()
        page.frame = frame("Compute + storage")
        #expect(!page.document.contains(">Save<") && page.document.contains("disabled"))
        page.maySave = true
        #expect(page.document.contains(">Save<"))
    }

    @Test(arguments: ["14", "", "40", "x\"y"])
    func `the box beside the slider is the one value of the retention`(typed: String) {
        var compute = ComputeForm()
        compute.retentions = 7...35
        compute.retention = typed
        let inputs = compute.html.text.split(separator: "<input").filter {
            $0.contains("min=\"7\" max=\"35\"")
        }
        #expect(inputs.count == 2)
        #expect(inputs.allSatisfy { $0.contains("value=\"\(HTML.escaped(typed))\"") }, "both the same")
        let (slider, box) = (inputs.first ?? "", inputs.last ?? "")
        // What has no name is not sent, and what is hidden is not seen without the script.
        #expect(slider.contains("type=\"range\"") && !slider.contains(" name=") && slider.contains(" hidden"))
        #expect(slider.contains("data-slides=\"retention\"") && slider.contains("aria-label=\""))
        #expect(
            box.contains("type=\"number\" id=\"retention\" name=\"retention\"") && !box.contains(" hidden"))
        #expect(box.contains(" required") && box.contains("aria-describedby=\"retention-hint\""))
    }

    @Test func `every address is one button, as long as there is no such rule`() throws {
        var page = NetworkingPage()
        page.frame = frame("Networking")
        page.client = "127.0.0.1"
        let words = "Add 0.0.0.0 - 255.255.255.255"
        #expect(!page.document.contains(words), "to whoever may not save one")
        page.maySave = true
        expectInOrder(["Add current client IP address (127.0.0.1)", words], page.document)
        let form = page.document.components(before: "method=\"post\"").first { $0.contains(words) }
        for field in [
            "rule\" value=\"AllowAll\"", "start\" value=\"0.0.0.0\"", "end\" value=\"255.255.255.255\"",
        ] {
            #expect(form?.contains("name=\"" + field) == true, "\(field)")
        }
        page.rules = [
            NetworkingPage.Rule("allowall", "10.0.0.0", "10.0.255.255"),
            NetworkingPage.Rule("ClientIPAddress", "127.0.0.1", "127.0.0.1"),
        ]
        for name in ["AllowAll-2", "ClientIPAddress"] {
            #expect(page.document.contains("name=\"rule\" value=\"\(name)\""), "\(name)")
        }
        page.rules = [NetworkingPage.Rule("all", "0.0.0.0", "255.255.255.255")]
        #expect(!page.document.contains(words) && page.document.contains("Add current client"))
    }

    @Test func `names that people chose stay text on every page`() {
        let name = "</title><script>1</script>"
        var servers = ServersPage()
        servers.frame = frame(name)
        var line = ServerLine()
        (line.name, line.group, line.tags, line.trouble) = (name, name, [name], name)
        servers.servers = [line]
        servers.search = name
        var overview = OverviewPage()
        overview.frame = frame(name)
        (overview.name, overview.group) = (name, name)
        overview.essentials = [Fact(name, name)]
        var deployment = DeploymentPage()
        deployment.frame = frame(name)
        deployment.frame.notice = Frame.Notice(.bad, name, [name])
        (deployment.id, deployment.failure, deployment.notes) = (name, [name], [name])
        for text in [servers.document, overview.document, deployment.document] {
            #expect(!text.contains("<script>1") && text.contains("&lt;script&gt;1"))
            #expect(!text.contains("<i>ann"))
        }
    }

    @Test func `nothing on a page is inline, and it refreshes itself without JavaScript`() {
        var page = DeploymentPage()
        page.frame = frame("Restore to orders")
        page.frame.refreshSeconds = 2
        page.steps = [.init("Recovery", key: "recovery", .now)]
        let text = page.document
        #expect(!text.contains(" style=") && !text.contains("<style") && !text.contains(" onclick="))
        #expect(text.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"))
        #expect(text.contains("Deployment is in progress"))
    }

    @Test func `a table is exported as it is read, and never as a formula`() {
        var page = ServersPage()
        var line = ServerLine()
        (line.name, line.group, line.tags) = ("orders", "=cmd()", ["a=\"x, y\""])
        page.servers = [line]
        let lines = page.rows.csv.split(separator: "\r\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("name,resourceGroup,state,"))
        #expect(lines[1].hasPrefix("orders,'=cmd(),") && lines[1].hasSuffix(",\"a=\"\"x, y\"\"\""))
    }

    /// Compared by scalars: for Swift a quote with a mark behind it is no quote.
    @Test(arguments: [
        ("a\"\u{301}b", "\"a\"\"\u{301}b\""), ("=\u{301}1", "'=\u{301}1"), ("\u{FF1D}1", "'\u{FF1D}1"),
        ("\u{FF0B}1", "'\u{FF0B}1"), ("\u{FF0D}1", "'\u{FF0D}1"), ("\u{FF20}x", "'\u{FF20}x"),
        ("\tx", "'\tx"), ("\nx", "\"'\nx\""), ("\rx", "\"'\rx\""), ("1=2", "1=2"),
    ])
    func `a combining mark hides neither a quote nor a formula in a table`(text: String, cell: String) {
        var table = Table(["a"])
        table.rows = [[text]]
        #expect(Array(table.csv.unicodeScalars) == Array("a\r\n\(cell)\r\n".unicodeScalars))
    }

    @Test func `a combining mark hides no quote from a shell`() {
        #expect(Array(Shell.word("'\u{301} x").unicodeScalars) == Array("''\\''\u{301} x'".unicodeScalars))
    }

    @Test(arguments: [(0, 0), (1, 2), (302_400, 50), (700_000, 100)])
    func `the bar shows how much of the retention is covered`(span: Int64, percent: Int) {
        var window = RestorableWindow()
        window.span = span
        #expect(window.percent == percent)
    }

    @Test(arguments: ["portal.css", "portal.js", "timeline.js", "icon.svg"])
    func `what the pages need is in the program, and small`(name: String) throws {
        let asset = try #require(Asset.named(name))
        #expect((100...30_000).contains(asset.bytes.count))
        #expect(Asset.named("../" + name) == nil)
    }
}

extension String {
    /// What follows each occurrence.
    fileprivate func components(before text: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            rest = rest[found.upperBound...]
            parts.append(rest.prefix(upTo: rest.firstRange(of: "</form>")?.lowerBound ?? rest.endIndex))
        }
        return parts
    }
}
