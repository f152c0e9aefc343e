/// *Create*, Review + create: what will be made. The password is not on it.
public struct CreateReviewPage: Page {
    public var frame = Frame()
    public var details: [Fact] = []
    /// What was typed on Basics.
    public var fields: [(name: String, value: String)] = []
    /// By what the password is found again.
    public var kept = ""
    public var once = ""

    public init() {}

    public var content: HTML {
        Parts.steps(["Basics", "Review + create"], at: 1)
        Parts.card("New server") { Parts.facts(details) }
        tag("div", ["class": "buttons"]) {
            send("create", "Create", isPrimary: true)
            send("basics", "Previous", isPrimary: false)
        }
    }

    private func send(_ step: String, _ words: String, isPrimary: Bool) -> HTML {
        tag("form", ["method": "post", "action": Place.create.path]) {
            Parts.hidden(
                [
                    ("token", frame.signedIn?.token ?? ""), ("step", step), ("once", once),
                    ("kept", kept),
                ] + fields)
            tag("button", ["class": isPrimary ? "primary" : nil], words)
        }
    }
}
