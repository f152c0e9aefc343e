/// Operations of late, the newest first.
public struct NotificationsPage: Page {
    public struct Line: Sendable {
        public var id = ""
        public var words = ""
        public var resource = ""
        public var phase = ""
        public var time = ""
        public var caller = ""

        public init() {}
    }

    public var frame = Frame()
    public var lines: [Line] = []

    public init() {}

    /// The list as rows.
    public var rows: Table {
        var rows = Table(["id", "operation", "resourceGroup", "status", "time", "caller"])
        rows.rows = lines.map { [$0.id, $0.words, $0.resource, $0.phase, $0.time, $0.caller] }
        return rows
    }

    public var content: HTML {
        if lines.isEmpty {
            tag("div", ["class": "empty"]) {
                tag("h2", [:], "Nothing has happened yet")
                tag("p", [:], "What is begun here, with pitr or with az is listed on this page.")
            }
        } else {
            Parts.table("Operations", ["What", "Status", "When (UTC)", "Who"]) {
                for line in lines {
                    tag("tr") {
                        tag("th", ["scope": "row"]) {
                            tag("a", ["href": Place.deployment(line.id).path], line.words)
                            tag("span", ["class": "sub"], line.resource)
                        }
                        tag("td") { Parts.state(line.phase) }
                        tag("td", ["class": "exact"], line.time)
                        tag("td", [:], line.caller)
                    }
                }
            }
            Table.links(.notifications)
        }
    }
}
