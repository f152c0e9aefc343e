/// A server: what it is, what can be done with it.
public struct OverviewPage: Page {
    public struct Tool: Sendable {
        public var part: Place.ServerPlace
        public var isPossible: Bool

        public init(_ part: Place.ServerPlace, isPossible: Bool = true) {
            self.part = part
            self.isPossible = isPossible
        }
    }

    public var frame = Frame()
    public var group = ""
    public var name = ""
    public var state = ""
    public var window = RestorableWindow()
    public var tools: [Tool] = []
    public var essentials: [Fact] = []
    public var health: [Fact] = []
    public var origin: [Fact] = []
    /// Whether it is a server here whose content can be compared.
    public var mayCompare = false
    /// How the WAL of a server that is not run here is received.
    public var attached: [Fact] = []
    /// Where a backup lay that was opened and has no server.
    public var opened: [Fact] = []
    public var rules: [Fact] = []
    /// Operations on it in progress, by what they do.
    public var deployments: [Frame.Link] = []

    public init() {}

    public var content: HTML {
        if !tools.isEmpty {
            tag("nav", ["class": "toolbar", "aria-label": "What can be done"]) {
                for tool in tools {
                    if tool.isPossible {
                        tag(
                            "a",
                            [
                                "class": tool.part == .restore ? "button primary" : "button",
                                "href": Place.server(group: group, name: name, tool.part).path,
                            ], tool.part.words)
                    } else {
                        tag(
                            "a", ["class": "button", "role": "link", "aria-disabled": "true"], tool.part.words
                        )
                    }
                }
            }
        }
        for link in deployments {
            tag("p", ["class": "notice attention"]) {
                tag("a", ["href": link.place.path], link.words)
            }
        }
        tag("section", ["class": "card restorable"]) {
            tag("h2", [:], "Restorable window")
            window.html
            Parts.facts([
                Fact(
                    "Earliest restore point", Self.both(window.earliest, window.earliestHere), isExact: true),
                Fact("Latest restore point", Self.both(window.latest, window.latestHere), isExact: true),
            ])
            tag("p", ["class": "below"]) {
                tag(
                    "a", ["href": Place.server(group: group, name: name, .timeline).path],
                    "See what happened")
            }
        }
        Parts.card("Essentials") { Parts.facts(essentials) }
        if !attached.isEmpty { Parts.card("Attached") { Parts.facts(attached) } }
        if !opened.isEmpty { Parts.card("Opened") { Parts.facts(opened) } }
        if !origin.isEmpty { restoredFrom }
        tag("div", ["class": "pair"]) {
            Parts.card("Health") { Parts.facts(health) }
            if attached.isEmpty, opened.isEmpty { firewall }
        }
    }

    private var restoredFrom: HTML {
        Parts.card("Restored from") {
            Parts.facts(origin)
            tag("p", ["class": "buttons go"]) {
                tag("a", ["class": "button", "href": place(.explain) + "?made=1"], "Explain how it was made")
                if mayCompare {
                    tag("a", ["class": "button", "href": place(.compare)], "Compare with its source")
                }
            }
        }
    }

    private func place(_ part: Place.ServerPlace) -> String {
        Place.server(group: group, name: name, part).path
    }

    private var firewall: HTML {
        Parts.card("Firewall rules") {
            if rules.isEmpty {
                tag("p", [:], "None: nobody can connect over the network.")
                tag("pre", ["data-copy": "", "tabindex": "0"]) {
                    "pitr firewall-rule create -g \(Shell.word(group)) -s \(Shell.word(name)) "
                        + "-n here --start-ip-address 127.0.0.1"
                }
            } else {
                Parts.facts(rules)
            }
        }
    }
}

extension OverviewPage {
    private static func both(_ time: String, _ here: String) -> String {
        here.isEmpty ? time : "\(time)\n\(here)"
    }
}
