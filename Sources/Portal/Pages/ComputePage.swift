/// *Compute + storage* of a server that is there.
public struct ComputePage: Page {
    public var frame = Frame()
    public var group = ""
    public var name = ""
    public var compute = ComputeForm()
    public var maySave = false
    public var once = ""
    /// What the form was filled from: the second of two tabs is told.
    public var read = ""

    public init() {}

    public var content: HTML {
        tag(
            "form",
            [
                "method": "post", "action": Place.server(group: group, name: name, .compute).path,
                "class": "form",
            ]
        ) {
            Parts.hidden([
                ("token", frame.signedIn?.token ?? ""), ("once", once), ("read", read),
            ])
            tag("fieldset", ["class": "plain", "disabled": maySave ? nil : ""]) {
                compute.html
                if maySave {
                    tag("div", ["class": "buttons"]) {
                        tag("button", ["class": "primary"], "Save")
                        tag(
                            "a",
                            [
                                "class": "button",
                                "href": Place.server(group: group, name: name, .overview).path,
                            ], "Discard")
                    }
                }
            }
        }
    }
}
