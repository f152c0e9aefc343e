import Notation

/// What came of an undo or a comparison: its tables with their verdicts, rows side by side, and its files.
///
/// All of it others have written: names, keys and values are text.
public struct ResultPage: Page {
    public struct Row: Sendable {
        public var key = ""
        public var outcome = ""
        public var isConflict = false
        public var remark = ""
        /// The field of what is decided about it; empty where nobody has to.
        public var field = ""
        /// What was decided.
        public var decision = ""
        /// Whether it can get its old values, whatever was written since.
        public var mayBeForced = true
        /// Column by column, one value for each side; nil for NULL, and where there is no such row.
        public var cells: [(column: String, values: [String?])] = []

        public init() {}
    }

    public struct Table: Sendable {
        public var name = ""
        public var database = ""
        public var remark = ""
        /// Verdicts and how many rows have each.
        public var counts: [Fact] = []
        public var rowCount: UInt64 = 0
        public var rows: [Row] = []
        /// Whether it is to be taken back.
        public var isTicked = true
        /// Which of its rows in conflict are shown, where there are pages of them.
        public var part: Part?

        public init() {}
    }

    /// A page of a table's rows in conflict.
    public struct Part: Sendable {
        /// Counted from 0.
        public var number: Int
        public var rowsOfPage: Int
        /// Of the table's rows in conflict.
        public var count: Int
        /// How many of them cannot get their old values.
        public var unforced = 0
        /// What is chosen for those that are not decided one by one.
        public var rule = ""

        public init(number: Int, rowsOfPage: Int, count: Int) {
            self.number = number
            self.rowsOfPage = rowsOfPage
            self.count = count
        }

        var last: Int { max(0, (count - 1) / max(1, rowsOfPage)) }
        /// In words, of the rows on this page.
        var range: String {
            "\(number * rowsOfPage + 1) to \(min(count, (number + 1) * rowsOfPage)) of \(count)"
        }
    }

    /// Writing the script, once the conflicts are looked at.
    public struct Form: Sendable {
        public var rules: [Choice] = []
        public var rule = ""
        public var once = ""
        /// Whether somebody has to decide about rows.
        public var hasConflicts = false
        /// Rows that are decided and not shown.
        public var decidedBesides = 0
        /// Rows in conflict that are not shown, and so cannot be decided about on the page.
        public var conflictsBesides = 0
        /// What takes the file with the decisions about them; empty where it cannot be said.
        public var decisionCommand = ""
        /// What one row may be decided as.
        public var decisions: [Choice] = []
        /// What all rows of a table may be decided as.
        public var tableRules: [Choice] = []
        /// What was chosen about rows that this page does not show: it goes along in the form.
        public var chosen = ""
        /// The same in words: how many rows get what.
        public var chosenBesides: [String] = []

        public init() {}
    }

    public var frame = Frame()
    public let place: Place
    public let id: String
    public var facts: [Fact] = []
    /// `before`, `after` and `now`, or `here` and `there`.
    public var sides: [String] = []
    public var tables: [Table] = []
    public var leftOut: [String] = []
    public var notes: [String] = []
    /// Names and sizes; empty for whoever may not read them.
    public var files: [(name: String, size: String)] = []
    /// Whether whoever looks may see what tables hold.
    public var maySeeRows = false
    public var form: Form?
    public var mayDelete = false
    /// How the script is run; empty where there is none.
    public var command = ""
    /// What was proved of it, said plainly.
    public var proof = ""

    public init(_ place: Place, id: String) {
        self.place = place
        self.id = id
    }

    private func query(_ file: String) -> String {
        "\(place.path)?id=\(PercentCoding.encode(id))&file=\(PercentCoding.encode(file))"
    }

    public var content: HTML {
        tag("section", ["class": "card"]) {
            tag("h2", [:], "Result")
            Parts.facts(facts)
        }
        if !proof.isEmpty || !files.isEmpty { downloads }
        if let form { choice(form) }
        if form == nil || tables.isEmpty { counts }
        if maySeeRows {
            for (number, table) in tables.enumerated() where !table.rows.isEmpty { shown(table, number) }
        } else if !tables.isEmpty {
            tag("p", ["class": "hint"], "Your role does not show what is in tables: their rows are left out.")
        }
        list("Left out", leftOut)
        list("Notes", notes)
        if mayDelete { deletion }
    }

    private func list(_ title: String, _ lines: [String]) -> HTML {
        lines.isEmpty
            ? HTML() : Parts.card(title) { tag("ul") { for line in lines { tag("li", [:], line) } } }
    }

    private var downloads: HTML {
        Parts.card("Take it with you") {
            if !proof.isEmpty { tag("p", [:], proof) }
            if !files.isEmpty {
                tag("ul") {
                    for file in files {
                        tag("li") {
                            tag("a", ["href": query(file.name), "download": ""], file.name)
                            " (\(file.size))"
                        }
                    }
                }
            }
            if !command.isEmpty {
                tag("p", [:], "Read the script, then run it yourself:")
                tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], command) }
            }
        }
    }

    private var counts: HTML {
        Parts.card("Tables") {
            if tables.isEmpty { tag("p", [:], "There is no table to tell of.") }
            for table in tables { summary(table) }
        }
    }

    private func summary(_ table: Table) -> HTML {
        tag("div") {
            tag("h3", [:], Self.title(table))
            if !table.counts.isEmpty { Parts.facts(table.counts) }
            if !table.remark.isEmpty { tag("p", ["class": "hint"], table.remark) }
        }
    }

    /// Which tables, and what becomes of conflicts.
    private func choice(_ form: Form) -> HTML {
        tag("form", ["method": "post", "action": place.path, "class": "card form", "id": Self.formID]) {
            Parts.hidden([
                ("token", frame.signedIn?.token ?? ""), ("once", form.once), ("do", "script"), ("of", id),
                ("chosen", form.chosen),
            ])
            tag("fieldset", ["class": "plain"]) {
                tag("legend", [:], "Tables to take back")
                for (number, table) in tables.enumerated() {
                    tag("div") {
                        void(
                            "input",
                            [
                                "type": "checkbox", "id": "table\(number)", "name": "table\(number)",
                                "value": table.name, "checked": table.isTicked ? "" : nil,
                            ])
                        tag("label", ["for": "table\(number)"], " " + Self.title(table))
                        Parts.facts(table.counts)
                        if !table.remark.isEmpty { tag("p", ["class": "hint"], table.remark) }
                        if let part = table.part { ruleOfTable(part, table, number, form) }
                    }
                }
            }
            Parts.select("Rows in conflict", "conflicts", form.rule, form.rules)
            if form.hasConflicts, maySeeRows {
                tag(
                    "p", ["class": "hint"],
                    "Single rows are decided below, beside their values; the rule is for all others.")
            }
            if form.conflictsBesides > 0 { conflictsBesides(form) }
            if form.decidedBesides > 0 {
                tag(
                    "p", ["class": "hint"],
                    "Decided already and not shown here: \(form.decidedBesides) rows in conflict. What was "
                        + "decided about them stays, in the tables that are ticked.")
            }
            if !form.chosenBesides.isEmpty {
                tag(
                    "p", ["class": "hint"],
                    "Chosen on pages that are not shown now: \(form.chosenBesides.joined(separator: ", ")).")
            }
            tag("div", ["class": "buttons"]) {
                tag("button", ["class": "primary"], "Write and prove the script")
            }
            tag(
                "p", ["class": "hint"],
                "Exactly the transactions of this preview are taken back, whatever was done since. The source "
                    + "is not written: you run the script yourself.")
        }
    }

    /// For all rows of one table at once; those that are decided one by one stay as they are.
    private func ruleOfTable(_ part: Part, _ table: Table, _ number: Int, _ form: Form) -> HTML {
        tag("div", ["class": "field"]) {
            Parts.hidden([("page\(number)", String(part.number))])
            tag("label", ["for": "rule\(number)"], "The \(part.count) rows in conflict of \(table.name)")
            tag("div", ["class": "control"]) {
                tag(
                    "select",
                    [
                        "id": "rule\(number)", "name": "rule\(number)",
                        "aria-describedby": "rule\(number)-hint",
                    ]
                ) {
                    for choice in form.tableRules {
                        tag(
                            "option",
                            ["value": choice.value, "selected": choice.value == part.rule ? "" : nil],
                            choice.words)
                    }
                }
                tag(
                    "p", ["class": "hint", "id": "rule\(number)-hint"],
                    "With the values that this preview found; what is chosen beside a row comes first."
                        + (part.unforced == 0
                            ? ""
                            : " \(part.unforced) of them cannot get their old values: for these the rule "
                                + "below is asked."))
            }
        }
    }

    /// The way to those that no page shows: the file has all of them.
    private func conflictsBesides(_ form: Form) -> HTML {
        tag("div", ["class": "hint"]) {
            tag("p") {
                "\(form.conflictsBesides) more rows in conflict are not shown. All of them are in "
                if files.contains(where: { $0.name == Self.conflictsName }) {
                    tag("a", ["href": query(Self.conflictsName), "download": ""], Self.conflictsName)
                } else {
                    Self.conflictsName
                }
                ": write before, now or skip into its last column, and make the script with the file."
            }
            if !form.decisionCommand.isEmpty {
                tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], form.decisionCommand) }
            }
        }
    }

    private static let conflictsName = "conflicts.csv"
    private static let formID = "script"

    /// What is decided about one row: a field of the form above, wherever it stands.
    private func decision(_ row: Row, _ form: Form) -> HTML {
        tag(
            "select",
            ["name": row.field, "form": Self.formID, "aria-label": "Decision about \(row.key)"]
        ) {
            for choice in form.decisions
            where row.mayBeForced || choice.value != "before" || choice.value == row.decision {
                tag(
                    "option",
                    ["value": choice.value, "selected": choice.value == row.decision ? "" : nil],
                    choice.words)
            }
        }
    }

    private static func title(_ table: Table) -> String { "\(table.name), database \(table.database)" }

    private func shown(_ table: Table, _ number: Int) -> HTML {
        tag("section", ["class": "card", "id": "rows\(number)", "tabindex": "-1"]) {
            tag("h2", [:], "Rows of \(Self.title(table))")
            if let part = table.part {
                tag("p", [:], "Rows in conflict \(part.range).")
            }
            Parts.table(
                "Rows of \(table.name)", ["Row", "Outcome", "Column"] + sides.map(Self.capital),
                isFocusable: true
            ) { for row in table.rows { shown(row) } }
            if let part = table.part {
                pages(part, table, number)
            } else if UInt64(table.rows.count) < table.rowCount {
                tag(
                    "p", ["class": "hint"],
                    "\(table.rows.count) of \(table.rowCount) rows are shown; the others are in the files.")
            }
            tag(
                "p", ["class": "hint"],
                "– is NULL, or there is no such row. What was changed since is marked.")
        }
    }

    /// The other pages: buttons of the form, with which all that is chosen goes along.
    private func pages(_ part: Part, _ table: Table, _ number: Int) -> HTML {
        let ways = [
            ("First", 0, part.number > 1), ("Previous", part.number - 1, part.number > 0),
            ("Next", part.number + 1, part.number < part.last),
            ("Last", part.last, part.number + 1 < part.last),
        ]
        return tag("div", ["class": "buttons", "role": "group", "aria-label": "Pages of rows in conflict"]) {
            for (words, page, isThere) in ways where isThere {
                tag(
                    "button",
                    [
                        "form": Self.formID, "name": "show", "value": "\(number):\(page)",
                        "formaction": "\(place.path)#rows\(number)",
                    ]
                ) {
                    words
                    Parts.unseen(" rows in conflict of \(table.name)")
                }
            }
            tag("span", ["class": "hint"], "What is chosen stays, and is sent with the button above.")
        }
    }

    private func shown(_ row: Row) -> HTML {
        HTML(
            markup: row.cells.enumerated().map { index, cell in
                tag("tr") {
                    tag("th", ["scope": "row", "class": "exact"]) {
                        row.key.isEmpty ? "no key" : row.key
                        if index == 0, !row.remark.isEmpty { tag("span", ["class": "sub"], row.remark) }
                    }
                    tag("td", ["class": row.isConflict ? "bad" : nil]) {
                        row.outcome
                        if let form, index == 0, !row.field.isEmpty { decision(row, form) }
                    }
                    tag("td", ["class": "exact"], cell.column)
                    for (side, value) in cell.values.enumerated() {
                        tag("td", ["class": "exact"]) {
                            if isMarked(side, cell.values) {
                                tag("mark", [:], value ?? "–")
                            } else {
                                value ?? "–"
                            }
                        }
                    }
                }.text
            }.joined())
    }

    /// Of an undo, a value of now that is not the one that the transactions left.
    private func isMarked(_ side: Int, _ values: [String?]) -> Bool {
        side == 2 && values.count == 3 && values[2] != values[1]
    }

    private static func capital(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

    private var deletion: HTML {
        tag("details", ["class": "sure"]) {
            tag("summary", [:], "Delete this result")
            tag("form", ["method": "post", "action": place.path]) {
                Parts.hidden([("token", frame.signedIn?.token ?? ""), ("do", "delete"), ("of", id)])
                tag("button", ["class": "danger small"], "Delete it with its files")
            }
        }
    }
}
