/// Something that has to be confirmed, or that needs little more than a button.
public struct ConfirmPage: Page {
    public var frame = Frame()
    public var group = ""
    public var name = ""
    public var part = Place.ServerPlace.stop
    /// What happens, one sentence a paragraph.
    public var sentences: [String] = []
    public var button = ""
    /// Whether the box has to be ticked and the name typed.
    public var isDelete = false
    /// Whether a new password is asked for.
    public var asksPassword = false
    public var once = ""

    public static let understood =
        "I have read and understand that this server, as well as any databases it contains, will be deleted."

    public init() {}

    public var content: HTML {
        tag("section", ["class": "card narrow"]) {
            for sentence in sentences { tag("p", [:], sentence) }
            tag(
                "form",
                [
                    "method": "post", "action": Place.server(group: group, name: name, part).path,
                    "class": "form",
                ]
            ) {
                Parts.hidden([("token", frame.signedIn?.token ?? ""), ("once", once)])
                if isDelete {
                    tag("label", ["class": "check"]) {
                        void(
                            "input",
                            ["type": "checkbox", "name": "understood", "value": "yes", "required": ""])
                        Self.understood
                    }
                    Parts.input("Type the server's name", "typed", "", isRequired: true)
                }
                if asksPassword {
                    Parts.input(
                        "New password", "password", "", kind: "password",
                        hint: "8 to 128 characters of three kinds: upper case, lower case, digits, others.",
                        isRequired: true)
                    Parts.input("Confirm password", "confirm", "", kind: "password", isRequired: true)
                }
                tag("div", ["class": "buttons"]) {
                    tag("button", ["class": isDelete ? "danger" : "primary"], button)
                    tag(
                        "a",
                        [
                            "class": "button",
                            "href": Place.server(group: group, name: name, .overview).path,
                        ], "Cancel")
                }
            }
        }
    }
}
