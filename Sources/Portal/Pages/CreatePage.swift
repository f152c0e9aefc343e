/// *Create*: Basics and Compute tier on one page, then Review + create.
public struct CreatePage: Page {
    public var frame = Frame()
    public var groups: [Choice] = []
    public var group = ""
    public var name = ""
    public var version = "15"
    public var versions: [Choice] = []
    public var login = ""
    /// Whether a password was typed; it is kept in the form by nobody.
    public var access = "here"
    public var tags = ""
    public var compute = ComputeForm()
    /// Of this form, so that sending it twice makes one server.
    public var once = ""

    public init() {}

    static let accesses = [
        Choice("here", "This machine (127.0.0.1)"), Choice("none", "Nobody yet"),
    ]

    public var content: HTML {
        Parts.steps(["Basics", "Review + create"], at: 0)
        tag("form", ["method": "post", "action": Place.create.path, "class": "form"]) {
            Parts.hidden([
                ("token", frame.signedIn?.token ?? ""), ("once", once), ("step", "review"),
            ])
            tag("fieldset", ["class": "card"]) {
                tag("legend", [:], "Project details")
                Parts.fixed("Subscription", "Local")
                Parts.input(
                    "Resource group", "group", group,
                    hint: "An existing one, or a new name: it is created with the server.",
                    isRequired: true, more: ["list": "groups", "maxlength": "90"])
                tag("datalist", ["id": "groups"]) {
                    for choice in groups { void("option", ["value": choice.value]) }
                }
            }
            tag("fieldset", ["class": "card"]) {
                tag("legend", [:], "Server details")
                Parts.input(
                    "Server name", "name", name,
                    hint: "3 to 63 lower-case letters, digits and hyphens.", isRequired: true,
                    more: ["maxlength": "63"])
                Parts.fixed("Location", "local")
                Parts.select("PostgreSQL version", "version", version, versions)
            }
            compute.html
            tag("fieldset", ["class": "card"]) {
                tag("legend", [:], "Authentication")
                Parts.input("Administrator login", "login", login, isRequired: true)
                Parts.input(
                    "Password", "password", "", kind: "password",
                    hint: "8 to 128 characters of three kinds: upper case, lower case, digits, others.",
                    isRequired: true)
                Parts.input("Confirm password", "confirm", "", kind: "password", isRequired: true)
            }
            tag("fieldset", ["class": "card"]) {
                tag("legend", [:], "Networking and tags")
                Parts.select("Who may connect", "access", access, Self.accesses)
                Parts.input("Tags", "tags", tags, hint: "name=value, several with blanks between them.")
            }
            tag("div", ["class": "buttons"]) {
                tag("button", ["class": "primary"], "Review + create")
                tag("a", ["class": "button", "href": Place.servers.path], "Cancel")
            }
        }
    }
}
