/// How large a server is: the same on Create and on Compute + storage.
public struct ComputeForm: Sendable {
    public var tier = "GeneralPurpose"
    public var size = ""
    public var sizes: [Choice] = []
    public var storage = "32"
    public var storages: [Choice] = []
    public var retention = ""
    /// What may be chosen, in days.
    public var retentions = 1...1
    public var isGeoRedundant = false
    /// Whether redundancy can be chosen.
    public var isNew = true

    public init() {}

    static let tiers = [
        ("Burstable", "Burstable", "For work that comes now and then"),
        ("GeneralPurpose", "General Purpose", "For most applications"),
        ("MemoryOptimized", "Memory Optimized", "For data that should stay in memory"),
    ]

    @Markup var html: HTML {
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Compute")
            tag("div", ["class": "field"]) {
                tag("span", ["class": "label", "id": "tier"], "Compute tier")
                tag("div", ["class": "control tiles", "role": "radiogroup", "aria-labelledby": "tier"]) {
                    for (value, words, meaning) in Self.tiers {
                        tag("label", ["class": "tile"]) {
                            void(
                                "input",
                                [
                                    "type": "radio", "name": "tier", "value": value,
                                    "checked": value == tier ? "" : nil,
                                ])
                            tag("span") {
                                tag("strong", [:], words)
                                tag("span", ["class": "sub"], meaning)
                            }
                        }
                    }
                }
            }
            Parts.select(
                "Compute size", "size", size, [Choice("", "The tier's usual size")] + sizes,
                hint: "One that fits the tier above.")
        }
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Storage")
            Parts.select("Storage size", "storage", storage, storages)
        }
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Backups")
            Parts.input(
                "Backup retention period (in days)", "retention", retention, kind: "number",
                hint: "\(retentions.lowerBound) to \(retentions.upperBound) days. "
                    + "It determines how far back in time you can restore.",
                isRequired: true,
                more: [
                    "min": "\(retentions.lowerBound)", "max": "\(retentions.upperBound)", "step": "1",
                    "inputmode": "numeric",
                ])
            if isNew {
                tag("div", ["class": "field"]) {
                    tag("span", ["class": "label"], "Geo-redundancy")
                    tag("label", ["class": "check control"]) {
                        void(
                            "input",
                            [
                                "type": "checkbox", "name": "geo", "value": "yes",
                                "checked": isGeoRedundant ? "" : nil,
                            ])
                        "Recover from regional outage or disaster"
                    }
                }
            } else {
                Parts.fixed(
                    "Backup redundancy", isGeoRedundant ? "Geo-Redundant" : "Locally redundant",
                    hint: "Chosen when a server is created.")
            }
        }
    }
}

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
