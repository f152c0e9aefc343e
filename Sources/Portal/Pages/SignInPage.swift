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

/// How programs connect.
public struct ConnectPage: Page {
    public var frame = Frame()
    public var strings: [Fact] = []
    public var authority = ""

    public init() {}

    public var content: HTML {
        Parts.card("Trust") {
            tag("p", [:], "The server proves itself with a certificate of this machine's own authority:")
            tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], authority) }
        }
        Parts.card("Connection strings") {
            for fact in strings {
                tag("h3", [:], fact.name)
                tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], fact.value) }
            }
        }
    }
}

/// A refusal, with the words that the API has for it.
public struct RefusalPage: Page {
    public var frame = Frame()
    public var back: Frame.Link?

    public init() {}

    public var content: HTML {
        if let back {
            tag("p", ["class": "buttons"]) {
                tag("a", ["class": "button", "href": back.place.path], back.words)
            }
        }
    }
}
