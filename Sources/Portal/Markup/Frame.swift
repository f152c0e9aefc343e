/// What stands around every page.
public struct Frame: Sendable {
    /// Who looks at it.
    public struct SignedIn: Sendable {
        public var name = ""
        public var role = ""
        /// Until when, `2026-11-29 12:00 UTC`.
        public var until = ""
        /// The same in seconds since 1970, for the warning before it ends.
        public var untilSeconds: Int64 = 0
        /// Goes with every form.
        public var token = ""

        public init() {}
    }

    public struct Notice: Sendable {
        public enum Kind: String, Sendable { case good, attention, bad }
        public var kind: Kind
        public var title: String
        /// One sentence each.
        public var lines: [String]

        public init(_ kind: Kind, _ title: String, _ lines: [String] = []) {
            self.kind = kind
            self.title = title
            self.lines = lines
        }
    }

    public struct Link: Sendable {
        public var words: String
        public var place: Place

        public init(_ words: String, _ place: Place) {
            self.words = words
            self.place = place
        }

        /// In the place's own words.
        public init(_ place: Place) { self.init(place.words, place) }
    }

    public var title = ""
    /// How it stands, ahead of the title where a browser shows it and a screen reader reads it first.
    public var standing = ""
    /// Beneath the title: what kind of thing it is.
    public var kind = ""
    public var signedIn: SignedIn?
    /// The way here, the outermost first, without the page itself.
    public var way: [Link] = []
    /// The menu of a server, and which of it is open.
    public var menu: [(heading: String, links: [Link])] = []
    public var here: Place?
    public var notice: Notice?
    /// Operations in progress, for the number beside Notifications.
    public var openOperations = 0
    /// Whether there is an incident to practise on.
    public var isPractice = false
    /// Seconds after which the page loads itself again where there is no JavaScript.
    public var refreshSeconds: Int?
    /// The page as commands, ready to paste: one for `pitr`, one for `az`.
    public var samePitr: [String] = []
    public var sameAz: [String] = []

    public init() {}
}

/// A page before it is written down.
public protocol Page: Sendable {
    var frame: Frame { get set }
    @Markup var content: HTML { get }
}

extension Page {
    /// The whole document.
    public var document: String {
        "<!DOCTYPE html>\n"
            + tag("html", ["lang": "en"]) {
                head
                tag("body") {
                    tag("a", ["class": "skip", "href": "#main"], "Skip to the page")
                    top
                    tag("div", ["class": frame.menu.isEmpty ? "body" : "body with-menu"]) {
                        if !frame.menu.isEmpty { menu }
                        tag("main", ["id": "main", "tabindex": "-1"]) {
                            heading
                            if let notice = frame.notice { Self.shown(notice) }
                            content
                            same
                        }
                    }
                }
            }.text + "\n"
    }

    private var titleWithStanding: String {
        let standing = frame.notice?.kind == .bad ? "Refused" : frame.standing
        return standing.isEmpty || standing == frame.title ? frame.title : "\(standing): \(frame.title)"
    }

    private var head: HTML {
        tag("head") {
            void("meta", ["charset": "utf-8"])
            void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
            void("meta", ["name": "color-scheme", "content": "light dark"])
            tag("title", [:], titleWithStanding + " - pitr")
            void("link", ["rel": "stylesheet", "href": Place.asset("portal.css").path])
            void("link", ["rel": "icon", "href": Place.asset("icon.svg").path])
            tag("script", ["type": "module", "src": Place.asset("portal.js").path], "")
            if let seconds = frame.refreshSeconds {
                tag("noscript") { void("meta", ["http-equiv": "refresh", "content": String(seconds)]) }
            }
        }
    }

    private var top: HTML {
        tag("header", ["class": "top"]) {
            tag("a", ["class": "brand", "href": Place.servers.path]) {
                tag("span", ["class": "mark", "aria-hidden": "true"], "◷")
                "pitr"
            }
            if let user = frame.signedIn {
                tag("nav", ["aria-label": "Portal", "class": "top-links"]) {
                    for place in (frame.isPractice ? [Place.practice] : [])
                        + [Place.servers, .deleted, .activity, .access]
                    {
                        tag("a", ["href": place.path], place.words)
                    }
                    tag("a", ["href": Place.notifications.path]) {
                        Place.notifications.words
                        tag(
                            "span",
                            [
                                "class": "count", "data-open-operations": "",
                                "hidden": frame.openOperations == 0 ? "" : nil,
                            ], String(frame.openOperations))
                    }
                }
                tag(
                    "form",
                    [
                        "method": "post", "action": Place.signOut.path, "class": "who",
                        "data-until": String(user.untilSeconds),
                    ]
                ) {
                    void("input", ["type": "hidden", "name": "token", "value": user.token])
                    tag("span", ["title": "Signed in until \(user.until)"], "\(user.name) · \(user.role)")
                    tag("button", ["class": "quiet"], Place.signOut.words)
                }
            }
        }
    }

    private var menu: HTML {
        tag("nav", ["class": "menu", "aria-label": "Server"]) {
            for (number, part) in frame.menu.enumerated() {
                // No heading: it would stand before the page's own.
                let name = part.heading.isEmpty ? nil : "menu\(number)"
                if let name { tag("p", ["id": name], part.heading) }
                tag("ul", ["aria-labelledby": name]) {
                    for link in part.links {
                        tag("li") {
                            tag(
                                "a",
                                [
                                    "href": link.place.path,
                                    "aria-current": link.place == frame.here ? "page" : nil,
                                ], link.words)
                        }
                    }
                }
            }
        }
    }

    private var heading: HTML {
        tag("div", ["class": "heading"]) {
            if !frame.way.isEmpty {
                tag("nav", ["aria-label": "Way here"]) {
                    tag("ol", ["class": "way"]) {
                        for link in frame.way {
                            tag("li") { tag("a", ["href": link.place.path], link.words) }
                        }
                    }
                }
            }
            tag("h1", [:], frame.title)
            if !frame.kind.isEmpty { tag("p", ["class": "kind"], frame.kind) }
        }
    }

    private static func shown(_ notice: Frame.Notice) -> HTML {
        tag(
            "div",
            [
                "class": "notice \(notice.kind.rawValue)", "role": notice.kind == .bad ? "alert" : "status",
                "tabindex": notice.kind == .bad ? "-1" : nil,
            ]
        ) {
            tag("strong", [:], notice.title)
            for line in notice.lines { tag("p", [:], line) }
        }
    }

    /// The commands that do or show the same.
    private var same: HTML {
        HTML(
            markup: frame.samePitr.isEmpty && frame.sameAz.isEmpty
                ? ""
                : tag("section", ["class": "same", "aria-label": "The same as a command"]) {
                    Self.command("The same with pitr", frame.samePitr)
                    Self.command("The same with az", frame.sameAz)
                }.text)
    }

    private static func command(_ words: String, _ lines: [String]) -> HTML? {
        guard !lines.isEmpty else { return nil }
        return tag("figure") {
            tag("figcaption", [:], words)
            tag("pre", ["tabindex": "0", "data-copy": ""]) {
                tag("code", [:], lines.joined(separator: "\n"))
            }
        }
    }
}
