import Notation

/// A page that is a list: what there is of one kind, and what can be done with each.
public struct ListPage: Page {
    /// What a row's cell says.
    public enum Cell: Sendable {
        case text(String, sub: String = "")
        /// Numbers, positions and times, in one width.
        case exact(String, sub: String = "")
        case state(String)
        case link(String, Place, query: String = "", sub: String = "")
        case actions([Action])
        /// What is long and seldom looked at; `of` tells it from that of other rows.
        case hidden(String, exact: String, of: String = "")

        /// As a program reads it.
        var plain: String {
            switch self {
            case .text(let text, _), .exact(let text, _), .state(let text), .link(let text, _, _, _): text
            case .hidden(_, let text, _): text
            case .actions: ""
            }
        }
    }

    /// A button with what it sends, or a link to where more is asked.
    public struct Action: Sendable {
        public var words: String
        /// What it is about, for whoever does not see the row.
        public var object: String
        public var place: Place
        public var query = ""
        /// Nil for a link.
        public var fields: [(name: String, value: String)]?
        /// Asks once more, on a button with these words.
        public var confirmation: String?

        public init(
            _ words: String, _ object: String, _ place: Place,
            fields: [(name: String, value: String)]? = nil, confirmation: String? = nil, query: String = ""
        ) {
            self.words = words
            self.object = object
            self.place = place
            self.fields = fields
            self.confirmation = confirmation
            self.query = query
        }
    }

    public struct Filter: Sendable {
        public var words: String
        public var query: String
        public var isCurrent: Bool

        public init(_ words: String, query: String, isCurrent: Bool) {
            self.words = words
            self.query = query
            self.isCurrent = isCurrent
        }
    }

    /// A form above the list: something to add or to change.
    public struct Form: Sendable {
        public struct Field: Sendable {
            public var label: String
            public var name: String
            public var value: String
            public var hint: String
            /// Where one of these has to be chosen.
            public var choices: [Choice] = []

            public init(
                _ label: String, _ name: String, _ value: String = "", hint: String = "",
                choices: [Choice] = []
            ) {
                self.label = label
                self.name = name
                self.value = value
                self.hint = hint
                self.choices = choices
            }
        }

        public var title: String
        public var fields: [Field]
        public var hidden: [(name: String, value: String)]
        public var button: String
        /// What else the same form can do, by the field `do`.
        public var other: (value: String, words: String)?
        /// Whether it takes something away for good.
        public var isDangerous = false

        public init(
            _ title: String, _ fields: [Field], hidden: [(name: String, value: String)] = [],
            button: String = "Save", other: (value: String, words: String)? = nil
        ) {
            self.title = title
            self.fields = fields
            self.hidden = hidden
            self.button = button
            self.other = other
        }
    }

    public var frame = Frame()
    public let place: Place
    public var sentences: [String] = []
    public var form: Form?
    /// What the list is of; stands above it where a form is before it. Empty for the page's own title.
    public var listTitle = ""
    public var filters: [Filter] = []
    /// The label of the search box; nil without one.
    public var searchLabel: String?
    public var search = ""
    /// Goes with a search and with an export.
    public var kept: [(name: String, value: String)] = []
    /// Which part of the list is shown: goes with an export, where a search begins anew.
    public var part: [(name: String, value: String)] = []
    public var columns: [String] = []
    public var rows: [[Cell]] = []
    /// What there is beyond the rows, and the way there.
    public var more = ""
    public var older = ""
    public var emptyTitle = ""
    public var emptyText = ""
    public var emptyCommand = ""
    public var once = ""

    public init(_ place: Place, columns: [String]) {
        self.place = place
        self.columns = columns
    }

    /// The list as rows.
    public var table: Table {
        var table = Table(columns.filter { !$0.isEmpty })
        table.rows = rows.map { row in
            zip(columns, row).filter { !$0.0.isEmpty }.map { $0.1.plain }
        }
        return table
    }

    // MARK: Content

    public var content: HTML {
        for sentence in sentences { tag("p", ["class": "intro"], sentence) }
        if let form { shown(form) }
        if form != nil, !listTitle.isEmpty, !rows.isEmpty { tag("h2", ["class": "above"], listTitle) }
        if !filters.isEmpty || searchLabel != nil { toolbar }
        if rows.isEmpty {
            tag("div", ["class": "empty"]) {
                tag("h2", [:], emptyTitle)
                if !emptyText.isEmpty { tag("p", [:], emptyText) }
                if !emptyCommand.isEmpty {
                    tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], emptyCommand) }
                }
            }
        } else {
            list
            if !more.isEmpty || !older.isEmpty {
                tag("p", ["class": "hint"]) {
                    more
                    if !older.isEmpty { tag("a", ["href": "\(place.path)?\(older)"], "Older") }
                }
            }
            Table.links(
                place,
                (kept + part + (search.isEmpty ? [] : [("search", search)])).map {
                    "&\($0.0)=\(PercentCoding.encode($0.1))"
                }.joined())
        }
    }

    private func shown(_ form: Form) -> HTML {
        tag(
            "form",
            [
                "method": "post", "action": place.path, "class": "card form",
                "aria-labelledby": "form-title",
            ]
        ) {
            Parts.hidden([("token", frame.signedIn?.token ?? ""), ("once", once)] + form.hidden)
            tag("h2", ["id": "form-title"], form.title)
            for field in form.fields {
                if field.choices.isEmpty {
                    Parts.input(field.label, field.name, field.value, hint: field.hint)
                } else {
                    Parts.select(field.label, field.name, field.value, field.choices, hint: field.hint)
                }
            }
            tag("div", ["class": "buttons"]) {
                tag("button", ["class": form.isDangerous ? "danger" : "primary"], form.button)
                if let other = form.other {
                    tag("button", ["name": "do", "value": other.value], other.words)
                }
            }
        }
    }

    private var toolbar: HTML {
        tag("div", ["class": "toolbar"]) {
            if !filters.isEmpty {
                tag("nav", ["class": "buttons", "aria-label": "Filter"]) {
                    for filter in filters {
                        tag(
                            "a",
                            [
                                "class": "button", "href": "\(place.path)?\(filter.query)",
                                "aria-current": filter.isCurrent ? "true" : nil,
                            ], filter.words)
                    }
                }
            }
            if let searchLabel {
                tag("form", ["method": "get", "action": place.path, "role": "search"]) {
                    Parts.hidden(kept)
                    void(
                        "input",
                        [
                            "type": "search", "name": "search", "value": search, "aria-label": searchLabel,
                            "placeholder": searchLabel,
                        ])
                    tag("button", [:], "Search")
                }
            }
        }
    }

    private var list: HTML {
        Parts.table(listTitle.isEmpty ? frame.title : listTitle, columns, style: "list stacked") {
            for row in rows {
                tag("tr") {
                    for (index, cell) in row.enumerated() { shown(cell, isFirst: index == 0) }
                }
            }
        }
    }

    private func shown(_ cell: Cell, isFirst: Bool) -> HTML {
        func box(_ style: String? = nil, @Markup _ content: () -> HTML) -> HTML {
            isFirst
                ? tag("th", ["scope": "row", "class": style], content) : tag("td", ["class": style], content)
        }
        func below(_ sub: String) -> HTML {
            sub.isEmpty ? HTML() : tag("span", ["class": "sub"], sub)
        }
        return switch cell {
        case .text(let text, let sub): box { HTML(text) + below(sub) }
        case .exact(let text, let sub): box("exact") { HTML(text) + below(sub) }
        case .state(let text): box { Parts.state(text) }
        case .link(let text, let place, let query, let sub):
            box { tag("a", ["href": place.path + query], text) + below(sub) }
        case .hidden(let words, let text, let object):
            box {
                tag("details", ["class": "sure"]) {
                    tag("summary", ["aria-label": object.isEmpty ? nil : "\(words) of \(object)"], words)
                        + tag("pre", ["tabindex": "0"], text)
                }
            }
        case .actions(let actions):
            box { tag("div", ["class": "buttons"]) { for action in actions { shown(action) } } }
        }
    }

    private func shown(_ action: Action) -> HTML {
        let label = "\(action.words) \(action.object)"
        guard let fields = action.fields else {
            return tag(
                "a",
                ["class": "button small", "href": action.place.path + action.query, "aria-label": label],
                action.words)
        }
        func form(_ style: String, _ words: String, _ label: String) -> HTML {
            tag("form", ["method": "post", "action": action.place.path]) {
                Parts.hidden([("token", frame.signedIn?.token ?? ""), ("once", once)] + fields)
                tag("button", ["class": style, "aria-label": label], words)
            }
        }
        guard let confirmation = action.confirmation else { return form("small", action.words, label) }
        return tag("details", ["class": "sure"]) {
            tag("summary", ["aria-label": label], action.words)
            form("danger small", confirmation, "\(confirmation): \(action.object)")
        }
    }
}
