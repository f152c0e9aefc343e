import Notation

/// *Timeline*: what a server can be restored to, and what happened on it.
public struct TimelinePage: Page {
    /// Something that happened.
    public struct Event: Sendable {
        public enum Kind: String, Sendable, CaseIterable {
            case drop, rows, definition, point, server
        }

        public var moment: Moment?
        public var kind = Kind.definition
        /// `DROP TABLE public.orders in database shop`
        public var words = ""
        public var xid = ""
        /// The record that is left out so that it has not happened.
        public var lsn = ""
        /// Whether a backup reaches that far back.
        public var isRestorable = true

        public init() {}
    }

    /// Which kinds are told.
    public enum Selection: String, Sendable, CaseIterable {
        case all = ""
        case drop, rows, definition, point, server

        var words: String {
            switch self {
            case .all: "Everything"
            case .drop: "DROP and TRUNCATE"
            case .rows: "Many rows changed"
            case .definition: "CREATE and ALTER"
            case .point: "Restore points"
            case .server: "Timelines, parameters, checkpoints"
            }
        }
    }

    /// Something that lies at one instant: a base backup, a copy.
    public struct Mark: Sendable {
        public var moment: Moment
        public var words: String
        public var place: Place?

        public init(_ moment: Moment, _ words: String, place: Place? = nil) {
            self.moment = moment
            self.words = words
            self.place = place
        }
    }

    /// What cannot be restored between two backups, for WAL that is missing.
    public struct Gap: Sendable {
        public var from: Int64
        public var to: Int64
        public var words: String

        public init(from: Int64, to: Int64, _ words: String) {
            self.from = from
            self.to = to
            self.words = words
        }
    }

    public var frame = Frame()
    public var group = ""
    public var name = ""
    /// What can be restored at all; nil before the first backup.
    public var window: Span?
    /// What is looked at.
    public var view: Span
    public var marks: [Moment] = []
    public var step: Int64 = 1
    public var backups: [Mark] = []
    public var copies: [Mark] = []
    public var gaps: [Gap] = []
    /// Commits in each of as many equal parts of the view.
    public var commits: [Int] = []
    /// When things of each kind happened: all of them, where the list has those that weigh most.
    public var deedTimes: [Event.Kind: [Int64]] = [:]
    /// In the order of WAL.
    public var events: [Event] = []
    /// Events of the view that are left out, as a page holds so many.
    public var eventsLeftOut = 0
    /// Whether what is not in the list did not happen: nothing was refused, hidden as small, or missing.
    public var isComplete = false
    /// Whether whoever looks may take a transaction back.
    public var mayUndo = false
    public var notes: [String] = []
    public var selection = Selection.all
    /// What is looked for: a table, a statement, a transaction's number.
    public var find = ""
    public var minimumRows = ""
    public var cut = TimelineCut()
    /// This machine's zone, `Europe/Paris`; empty where that is UTC.
    public var zone = ""
    /// From when on this machine's clock is how many seconds ahead of UTC.
    public var offsets: [(from: Int64, seconds: Int64)] = []

    public static let mostEvents = 100

    public init(view: Span) {
        self.view = view
    }

    /// The list as rows.
    public var rows: Table {
        var table = Table(["time", "event", "kind", "xid", "lsn"])
        table.rows = events.map {
            [$0.moment.map { $0.utc + "Z" } ?? "", $0.words, $0.kind.rawValue, $0.xid, $0.lsn]
        }
        return table
    }

    /// The filters and the view as a query.
    public var filterQuery: String {
        query(from: view.from.microseconds, to: view.to.microseconds)
    }

    /// What the list is filtered by.
    private var filters: [(String, String)] {
        var fields: [(String, String)] = []
        if selection != .all { fields.append(("show", selection.rawValue)) }
        if !find.isEmpty { fields.append(("find", find)) }
        if !minimumRows.isEmpty { fields.append(("rows", minimumRows)) }
        return fields
    }

    func query(from: Int64, to: Int64, _ more: [(String, String)] = []) -> String {
        let fields = [("from", String(from)), ("to", String(to))] + filters + more
        return fields.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    }

    var path: String { Place.server(group: group, name: name, .timeline).path }

    // MARK: Content

    public var content: HTML {
        if window == nil {
            tag("div", ["class": "empty"]) {
                tag("h2", [:], "There is nothing to restore from yet")
                tag("p", [:], "The timeline begins with the first base backup, which runs by itself.")
                tag("pre", ["data-copy": "", "tabindex": "0"]) {
                    "pitr backup create -g \(Shell.word(group)) -s \(Shell.word(name)) -n first"
                }
            }
        } else {
            tag("section", ["class": "card timeline", "aria-labelledby": "picture-title"]) {
                tag("h2", ["id": "picture-title", "class": "unseen"], "What can be restored")
                ranges
                chart
                legend
            }
            tag("section", ["class": "card", "id": "cut", "aria-labelledby": "cut-title"]) {
                chooser
                cut.html
            }
            happened
        }
    }

    private var hidden: [(name: String, value: String)] {
        [("from", String(view.from.microseconds)), ("to", String(view.to.microseconds))]
    }

    // MARK: What is looked at

    /// How far back, and the way to what lies beside.
    private var ranges: HTML {
        tag("nav", ["class": "ranges", "aria-label": "What is looked at"]) {
            tag("div", ["class": "buttons"]) {
                for range in TimelineRange.all(window, view, focus: cut.moment?.microseconds) {
                    tag(
                        "a",
                        [
                            "class": "button", "href": link(range.from, range.to),
                            "aria-current": range.isCurrent ? "true" : nil,
                        ], range.words)
                }
            }
            tag("div", ["class": "buttons"]) {
                for move in TimelineRange.moves(window, view, focus: cut.moment?.microseconds) {
                    tag(
                        "a",
                        [
                            "class": "button", "href": link(move.from, move.to), "aria-label": move.words,
                            "data-move": move.key,
                        ], move.sign)
                }
            }
        }
    }

    private func link(_ from: Int64, _ to: Int64) -> String {
        "\(path)?\(query(from: from, to: to, cut.fields))"
    }

    private var legend: HTML {
        tag("ul", ["class": "legend", "aria-label": "Signs"]) {
            for (kind, words) in [
                ("backup", "Base backup"), ("drop", "DROP, TRUNCATE"), ("rows", "Many rows"),
                ("definition", "CREATE, ALTER"), ("point", "Restore point"), ("server", "Timeline"),
            ] {
                tag("li") {
                    tag(
                        "svg",
                        ["class": "sign \(kind)", "width": "14", "height": "14", "aria-hidden": "true"]
                    ) {
                        tag("use", ["href": "#sign-\(kind)", "x": "7", "y": "7"], "")
                    }
                    words
                }
            }
        }
    }

    // MARK: The moment

    private var chooser: HTML {
        tag("form", ["method": "get", "action": path + "#cut", "class": "chooser", "data-chooser": ""]) {
            Parts.hidden(hidden + filters.map { (name: $0.0, value: $0.1) })
            // The event that is left out stays as long as the words of the moment do.
            Parts.hidden([("before", cut.before), ("shown", cut.shown)])
            tag("h2", ["id": "cut-title"], "What you will get")
            tag("div", ["class": "moment"]) {
                tag("label", ["for": "at"], "The state at")
                void(
                    "input",
                    [
                        "type": "text", "id": "at", "name": "at", "value": cut.typed,
                        "placeholder": "2026-11-29 04:37:12.345678", "autocomplete": "off",
                        "spellcheck": "false", "aria-describedby": "at-hint",
                    ])
                if zone.isEmpty {
                    tag("span", ["class": "unit"], "UTC")
                } else {
                    tag("select", ["name": "zone", "aria-label": "Time zone"]) {
                        tag("option", ["value": "UTC", "selected": cut.isInUTC ? "" : nil], "UTC")
                        tag("option", ["value": "local", "selected": cut.isInUTC ? nil : ""], zone)
                    }
                }
                tag("button", [:], "Show")
            }
            tag(
                "p", ["class": "hint", "id": "at-hint"],
                "Up to six digits behind the second; also 10 minutes ago. Or take an event below.")
        }
    }

    // MARK: What happened

    private var happened: HTML {
        tag("section", ["class": "card events", "id": "events", "aria-labelledby": "events-title"]) {
            tag("h2", ["id": "events-title"], "What happened")
            filter
            if events.isEmpty {
                tag(
                    "p", ["class": "none"],
                    isComplete
                        ? "Nothing of that kind happened from \(view.from.utc) to \(view.to.utc) UTC."
                        : "None that is listed from \(view.from.utc) to \(view.to.utc) UTC.")
            } else {
                table
            }
            if eventsLeftOut > 0 {
                tag(
                    "p", ["class": "hint"],
                    "\(eventsLeftOut) others are in the picture only: look at a shorter time, or filter.")
            }
            for note in notes { tag("p", ["class": "hint"], note) }
            Table.links(.server(group: group, name: name, .timeline), "&" + filterQuery)
        }
    }

    private var filter: HTML {
        tag("form", ["method": "get", "action": path + "#events", "class": "filter", "data-filter": ""]) {
            Parts.hidden(hidden + cut.fields.map { (name: $0.0, value: $0.1) })
            tag("div") {
                tag("label", ["for": "show"], "Show")
                tag("select", ["id": "show", "name": "show"]) {
                    for choice in Selection.allCases {
                        tag(
                            "option",
                            ["value": choice.rawValue, "selected": choice == selection ? "" : nil],
                            choice.words)
                    }
                }
            }
            tag("div", ["class": "grow"]) {
                tag("label", ["for": "find"], "Find")
                void(
                    "input",
                    [
                        "type": "search", "id": "find", "name": "find", "value": find,
                        "placeholder": "orders, drop table orders, or 745", "autocomplete": "off",
                        "spellcheck": "false",
                    ])
            }
            tag("div") {
                tag("label", ["for": "rows"], "Rows, at least")
                void(
                    "input",
                    [
                        "type": "number", "id": "rows", "name": "rows", "value": minimumRows, "min": "1",
                        "placeholder": "1000",
                    ])
            }
            tag("button", [:], "Filter")
        }
    }

    private var table: HTML {
        Parts.table("Events", ["When (UTC)", "What", "Transaction", "Restore"], style: "list stacked") {
            for event in events { row(event) }
        }
    }

    private func takingLink(_ event: Event) -> String {
        var handle = [("before", event.lsn)]
        if let moment = event.moment { handle.append(("at", String(moment.microseconds))) }
        return "\(path)?\(query(from: view.from.microseconds, to: view.to.microseconds, handle))#cut"
    }

    /// Of what a transaction did to rows, or dropped.
    private func undoLink(_ event: Event) -> String? {
        guard mayUndo, !event.xid.isEmpty, event.kind == .rows || event.kind == .drop else { return nil }
        return "\(Place.server(group: group, name: name, .undo).path)?xid=\(PercentCoding.encode(event.xid))"
    }

    /// What tells it from others that did the same.
    private static func name(_ event: Event) -> String {
        event.words + (event.moment.map { ", at \($0.utc) UTC" } ?? "")
    }

    private func row(_ event: Event) -> HTML {
        tag(
            "tr",
            [
                "data-at": event.moment.map { String($0.microseconds) },
                "data-before": event.isRestorable ? event.lsn : nil,
                "aria-current": !cut.before.isEmpty && cut.before == event.lsn ? "true" : nil,
            ]
        ) {
            tag("td", ["class": "exact when"]) {
                event.moment?.utc ?? "no time of its own"
                if let here = event.moment?.here, !here.isEmpty { tag("span", ["class": "sub"], here) }
            }
            tag("th", ["scope": "row"]) {
                tag("span", ["class": "deed"]) {
                    tag(
                        "svg",
                        [
                            "class": "sign \(event.kind.rawValue)", "width": "14", "height": "14",
                            "aria-hidden": "true",
                        ]
                    ) { tag("use", ["href": "#sign-\(event.kind.rawValue)", "x": "7", "y": "7"], "") }
                    tag("span", ["data-words": ""], event.words)
                }
            }
            tag("td", ["class": "exact"]) {
                event.xid.isEmpty ? "–" : event.xid
                tag("span", ["class": "sub"], event.lsn)
            }
            tag("td") {
                if event.isRestorable {
                    tag(
                        "a",
                        [
                            "class": "button small", "data-take": "", "href": takingLink(event),
                            "aria-label": "Just before \(Self.name(event))",
                        ], "Just before")
                    if let undo = undoLink(event) {
                        tag(
                            "a",
                            [
                                "class": "button small", "href": undo,
                                "aria-label": "Undo \(Self.name(event))",
                            ],
                            "Undo")
                    }
                } else {
                    "no backup before it"
                }
            }
        }
    }
}
