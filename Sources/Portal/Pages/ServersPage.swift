/// A server in a list.
public struct ServerLine: Sendable {
    public var name = ""
    public var group = ""
    public var state = ""
    public var version = ""
    public var tier = ""
    public var window = RestorableWindow()
    /// What is wrong with archiving, in a few words; empty when nothing is.
    public var trouble = ""
    /// Whom it was restored from.
    public var origin = ""
    /// `is deleted in 3 hours`; empty for a server that stays.
    public var expiry = ""
    public var tags: [String] = []
    public var storage = ""

    public init() {}
}

/// Every server that the visitor may see.
public struct ServersPage: Page {
    public var frame = Frame()
    public var servers: [ServerLine] = []
    public var mayCreate = false
    /// What the list is cut to, as typed.
    public var search = ""
    /// How many there are without the search.
    public var total = 0
    /// Who was restored from whom; empty where there is nothing to tell of that.
    public var family: [FamilyMember] = []

    public init() {}

    public var content: HTML {
        tag("div", ["class": "toolbar"]) {
            if mayCreate {
                tag("a", ["class": "button primary", "href": Place.create.path], Place.create.words)
            }
            tag("form", ["method": "get", "action": Place.servers.path, "role": "search"]) {
                tag("label", ["for": "search", "class": "unseen"], "Name, group, tag or state")
                void(
                    "input",
                    [
                        "id": "search", "name": "search", "value": search, "type": "search",
                        "placeholder": "Name, group, tag or state",
                    ])
                tag("button", [:], "Filter")
            }
        }
        if servers.isEmpty {
            empty
        } else {
            table
            Table.links(.servers)
        }
        if !family.isEmpty { Parts.card("Who was restored from whom") { FamilyMember.tree(family) } }
    }

    /// The list as rows.
    public var rows: Table {
        var rows = Table([
            "name", "resourceGroup", "state", "version", "tier", "earliestRestorePoint",
            "latestRestorePoint", "retentionDays", "restoredFrom", "tags",
        ])
        rows.rows = servers.map {
            [
                $0.name, $0.group, $0.state, $0.version, $0.tier, $0.window.earliest, $0.window.latest,
                String($0.window.retentionDays), $0.origin, $0.tags.joined(separator: " "),
            ]
        }
        return rows
    }

    private var empty: HTML {
        tag("div", ["class": "empty"]) {
            if total > 0 {
                tag("h2", [:], "No server fits \"\(search)\"")
                tag("p") { tag("a", ["href": Place.servers.path], "Show all \(total)") }
            } else {
                tag("h2", [:], "No server yet")
                tag("p", [:], "Make one here, or in a terminal:")
                tag("pre", ["data-copy": "", "tabindex": "0"]) {
                    "pitr group create -n demo\npitr create -g demo -n orders --public-access 127.0.0.1"
                }
            }
        }
    }

    private var table: HTML {
        Parts.table("Servers", ["Name", "State", "Version, tier", "Restorable", "Storage"]) {
            for server in servers { row(server) }
        }
    }

    private func row(_ server: ServerLine) -> HTML {
        tag("tr") {
            tag("th", ["scope": "row"]) {
                tag(
                    "a",
                    ["href": Place.server(group: server.group, name: server.name, .overview).path],
                    server.name)
                tag("span", ["class": "sub"], server.group)
                if !server.origin.isEmpty { tag("span", ["class": "sub"], "from \(server.origin)") }
                if !server.expiry.isEmpty { tag("span", ["class": "sub"], server.expiry) }
                for text in server.tags { tag("span", ["class": "tag"], text) }
            }
            tag("td") {
                Parts.state(server.state)
                if !server.trouble.isEmpty { tag("span", ["class": "sub bad"], server.trouble) }
            }
            tag("td") {
                server.version
                tag("span", ["class": "sub"], server.tier)
            }
            tag("td") { server.window.html }
            tag("td", ["class": "exact"], server.storage)
        }
    }
}
