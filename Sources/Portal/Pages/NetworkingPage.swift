/// From where logins are possible.
public struct NetworkingPage: Page {
    public struct Rule: Sendable {
        public var name: String
        public var start: String
        public var end: String

        public init(_ name: String, _ start: String, _ end: String) {
            self.name = name
            self.start = start
            self.end = end
        }
    }

    public var frame = Frame()
    public var group = ""
    public var name = ""
    public var rules: [Rule] = []
    public var maySave = false
    public var mayDelete = false
    /// Where the browser is, as the server sees it; empty where that is not told.
    public var client = ""
    /// What was typed and refused.
    public var typed = Rule("", "", "")
    public var once = ""

    public init() {}

    private var place: String { Place.server(group: group, name: name, .networking).path }

    public var content: HTML {
        Parts.card("Firewall rules") {
            if rules.isEmpty { tag("p", [:], "None: nobody can connect over the network.") } else { table }
        }
        if maySave {
            if !client.isEmpty || !isOpenToAll { buttons }
            form
        }
    }

    private var table: HTML {
        Parts.table(
            "Firewall rules",
            ["Firewall rule name", "Start IP address", "End IP address"] + (mayDelete ? ["Actions"] : [])
        ) { for rule in rules { row(rule) } }
    }

    private func row(_ rule: Rule) -> HTML {
        tag("tr") {
            tag("th", ["scope": "row"], rule.name)
            tag("td", ["class": "exact"], rule.start)
            tag("td", ["class": "exact"], rule.end)
            if mayDelete {
                tag("td") {
                    tag("form", ["method": "post", "action": place]) {
                        hidden([("do", "delete"), ("rule", rule.name)])
                        tag("button", ["aria-label": "Delete \(rule.name)"], "Delete")
                    }
                }
            }
        }
    }

    private static let first = "0.0.0.0"
    private static let last = "255.255.255.255"
    private static let everyAddress = "Add \(first) - \(last)"

    private var isOpenToAll: Bool { rules.contains { $0.start == Self.first && $0.end == Self.last } }

    @Markup private var buttons: HTML {
        tag("div", ["class": "buttons"]) {
            if !client.isEmpty {
                add("ClientIPAddress", client, client, "Add current client IP address (\(client))")
            }
            if !isOpenToAll { add("AllowAll", Self.first, Self.last, Self.everyAddress) }
        }
        if !isOpenToAll {
            tag(
                "p", ["class": "hint"],
                "\(Self.first) - \(Self.last) is every address: whoever reaches this server can try a login "
                    + "and a password.")
        }
    }

    /// A rule of one button, always under the same name: pressed again it makes no second one. Where that is
    /// the name of somebody's rule for other addresses, it has a number behind it: that rule stays as it is.
    private func add(_ rule: String, _ start: String, _ end: String, _ words: String) -> HTML {
        let names = [rule] + (2...rules.count + 2).map { "\(rule)-\($0)" }
        let name = names.first { name in
            rules.allSatisfy {
                $0.name.lowercased() != name.lowercased() || ($0.start, $0.end) == (start, end)
            }
        }
        return tag("form", ["method": "post", "action": place]) {
            hidden([("rule", name ?? rule), ("start", start), ("end", end)])
            tag("button", [:], words)
        }
    }

    private var form: HTML {
        tag("form", ["method": "post", "action": place, "class": "form card"]) {
            hidden([])
            tag("h2", [:], "Add or change a firewall rule")
            Parts.input(
                "Firewall rule name", "rule", typed.name,
                hint: "The name of a firewall rule that is there changes that one.", isRequired: true)
            Parts.input("Start IP address", "start", typed.start, isRequired: true)
            Parts.input(
                "End IP address", "end", typed.end, hint: "Left empty it is the start: one address alone.")
            tag("div", ["class": "buttons"]) { tag("button", ["class": "primary"], "Save") }
        }
    }

    private func hidden(_ fields: [(name: String, value: String)]) -> HTML {
        Parts.hidden([("token", frame.signedIn?.token ?? ""), ("once", once)] + fields)
    }
}
