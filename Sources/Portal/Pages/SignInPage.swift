/// Where one who is not signed in arrives.
public struct SignInPage: Page {
    public var frame = Frame()
    /// Of a one-time link; nil asks for an identity's secret.
    public var code: String?
    /// Whether the account at the other end may sign in with a link.
    public var mayUseLink = true

    public init() {}

    public var content: HTML {
        if let code {
            tag("section", ["class": "card narrow"]) {
                tag(
                    "p", [:], "This link signs this browser in, once, as the owner of this machine's servers."
                )
                tag("form", ["method": "post", "action": Place.signIn.path]) {
                    Parts.hidden([("code", code)])
                    tag("button", ["class": "primary"], "Sign in")
                }
            }
        } else {
            if mayUseLink {
                Parts.card("On this machine") {
                    tag(
                        "p", [:],
                        "A command prints a link that signs you in. It is good once, for two minutes.")
                    tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], "pitr portal") }
                }
            }
            Parts.card("With an identity") {
                tag("form", ["method": "post", "action": Place.signIn.path, "class": "form"]) {
                    Parts.input("Name or client id", "name", "", isRequired: true)
                    Parts.input("Secret", "secret", "", kind: "password", isRequired: true)
                    tag("div", ["class": "buttons"]) { tag("button", ["class": "primary"], "Sign in") }
                }
            }
        }
    }
}
