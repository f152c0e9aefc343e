/// A server: what it is, what can be done with it.
public struct OverviewPage: Page {
    public struct Tool: Sendable {
        public var words: String
        public var part: Place.ServerPlace
        public var isPossible: Bool

        public init(_ words: String, _ part: Place.ServerPlace, isPossible: Bool = true) {
            self.words = words
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
    /// How the WAL of a server that is not run here is received.
    public var attached: [Fact] = []
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
                            ], tool.words)
                    } else {
                        tag("a", ["class": "button", "role": "link", "aria-disabled": "true"], tool.words)
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
        if !origin.isEmpty { Parts.card("Restored from") { Parts.facts(origin) } }
        tag("div", ["class": "pair"]) {
            Parts.card("Health") { Parts.facts(health) }
            if attached.isEmpty { firewall }
        }
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

/// Words for a shell.
public enum Shell {
    /// Quoted where it has to be.
    public static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case 0x25, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x40, 0x5F: true
                default: false
                }
            }
        return isPlain ? text : quoted(text)
    }

    /// Between single quotes, whatever it is.
    public static func quoted(_ text: String) -> String {
        // By scalars: for the shell a quote with a combining mark behind it is a quote.
        var quoted = String.UnicodeScalarView("'".unicodeScalars)
        for scalar in text.unicodeScalars {
            quoted.append(scalar)
            if scalar == "'" { quoted.append(contentsOf: "\\''".unicodeScalars) }
        }
        quoted.append("'")
        return String(quoted)
    }

    /// A command of words, each quoted where it has to be.
    public static func line(_ words: [String]) -> String { words.map(word).joined(separator: " ") }
}
