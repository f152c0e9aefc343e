/// Restore, Review + create: the plan.
public struct ReviewPage: Page {
    public var frame = Frame()
    public var sourceGroup = ""
    public var source = ""
    public var form = RestoreForm()
    /// What was asked for, in words.
    public var wanted = ""
    /// The last transaction inside, and the first one left out.
    public var lastInside = ""
    public var firstOutside = ""
    public var firstOutsideDid: [String] = []
    public var moment: [Fact] = []
    public var work: [Fact] = []
    public var cost: [Fact] = []
    public var details: [Fact] = []
    public var worthKnowing: [String] = []
    /// What the plan was made of: if it is another one at Create, the plan is shown again.
    public var cut = ""
    public var once = ""

    public init() {}

    public var content: HTML {
        Parts.steps(["Basics", "Review + create"], at: 1)
        tag("section", ["class": "card"]) {
            tag("h2", [:], wanted)
            Parts.cut(lastInside, firstOutside, firstOutsideDid)
            Parts.facts(moment)
        }
        if !worthKnowing.isEmpty {
            Parts.card("Worth knowing") {
                tag("ul") { for text in worthKnowing { tag("li", [:], text) } }
            }
        }
        tag("div", ["class": "pair"]) {
            Parts.card("New server") { Parts.facts(details) }
            Parts.card("What it takes") { Parts.facts(cost) }
        }
        tag("details", ["class": "card"]) {
            tag("summary", [:], "How it is done")
            Parts.facts(work)
        }
        tag("div", ["class": "buttons"]) {
            send("create", "Create", isPrimary: true)
            send("basics", "Previous", isPrimary: false)
        }
    }

    private func send(_ step: String, _ words: String, isPrimary: Bool) -> HTML {
        tag(
            "form",
            [
                "method": "post",
                "action": Place.server(group: sourceGroup, name: source, .restore).path,
            ]
        ) {
            Parts.hidden(
                [
                    ("token", frame.signedIn?.token ?? ""), ("step", step), ("cut", cut), ("once", once),
                ] + form.fields)
            tag("button", ["class": isPrimary ? "primary" : nil], words)
        }
    }
}
