/// Restore, Basics.
public struct RestorePage: Page {
    public static let lockedRetention =
        "Can't be changed and is automatically set to the same value as the source server"

    public var frame = Frame()
    public var sourceGroup = ""
    public var source = ""
    public var form = RestoreForm()
    public var earliest = ""
    /// The days of the window: written alike in every browser's language.
    public var days = DayCalendar()
    /// The moment the page was opened.
    public var opened = ""
    public var backups: [Choice] = []
    public var groups: [Choice] = []
    public var version = ""
    public var location = ""
    public var zone = ""
    public var compute = ""
    public var retentionDays = 7
    public var isGeoRedundant = false

    public init() {}

    public var content: HTML {
        Parts.steps(["Basics", "Review + create"], at: 0)
        tag(
            "form",
            [
                "method": "post",
                "action": Place.server(group: sourceGroup, name: source, .restore).path, "class": "form",
            ]
        ) {
            Parts.hidden([("token", frame.signedIn?.token ?? ""), ("step", "review")])
            tag("fieldset", ["class": "card"]) {
                tag("legend", [:], "Project details")
                Parts.fixed("Subscription", "Local")
                Parts.select("Resource group", "group", form.group, groups)
            }
            sourceDetails
            serverDetails
            hereOnly
            tag("div", ["class": "buttons"]) {
                tag("button", ["class": "primary"], "Review + create")
                tag(
                    "a",
                    [
                        "class": "button",
                        "href": Place.server(group: sourceGroup, name: source, .overview).path,
                    ], "Cancel")
            }
        }
    }

    private var sourceDetails: HTML {
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Source details")
            Parts.fixed("Source server", source)
            Parts.fixed(
                "Geo-redundant restore",
                isGeoRedundant ? "Available from a terminal" : "Not available",
                hint: isGeoRedundant
                    ? "pitr geo-restore makes the copy from the backups of the paired location."
                    : "The source keeps its backups in one place.")
            Parts.fixed("Earliest restore point", earliest)
            tag("div", ["class": "field"]) {
                tag("span", ["class": "label", "id": "pitr"], "Point-in-time-restore (PITR)")
                tag("div", ["class": "control choices", "role": "radiogroup", "aria-labelledby": "pitr"]) {
                    moment(.latest, "Latest restore point (Now)")
                    moment(.custom, "Select a custom restore point")
                    moment(.fast, "Select Fast restore point (Restore using full backup only)")
                    if !form.before.isEmpty {
                        moment(.event, "Here only: just before the event at \(form.before)")
                        Parts.hidden([("before", form.before)])
                    }
                    tag("p", ["class": "hint"]) {
                        tag(
                            "a",
                            ["href": Place.server(group: sourceGroup, name: source, .timeline).path],
                            "Find the moment on the timeline")
                    }
                }
            }
            tag("div", ["class": "if-custom"]) { custom }
            tag("div", ["class": "if-fast"]) {
                if backups.isEmpty {
                    Parts.fixed("Fast Restore point (UTC)", "No backup yet")
                } else {
                    Parts.select("Fast Restore point (UTC)", "backup", form.backup, backups)
                }
            }
        }
    }

    private func moment(_ moment: RestoreForm.Moment, _ words: String) -> HTML {
        tag("label", ["class": "check"]) {
            void(
                "input",
                [
                    "type": "radio", "name": "moment", "value": moment.rawValue,
                    "id": "moment-\(moment.rawValue)",
                    "checked": form.moment == moment ? "" : nil,
                ])
            words
        }
    }

    private var custom: HTML {
        tag("div", ["class": "field"]) {
            tag("span", ["class": "label", "id": "custom"], "Custom restore point (UTC)")
            tag("div", ["class": "control", "role": "group", "aria-labelledby": "custom"]) {
                days.html("date", "Day (UTC)", chosen: form.date)
                tag("div", ["class": "moment"]) {
                    void(
                        "input",
                        [
                            "type": "text", "name": "time", "value": form.time, "inputmode": "numeric",
                            "placeholder": "04:37:12.345678", "aria-label": "Time of day (UTC)",
                            "autocomplete": "off", "aria-describedby": "time-hint",
                        ])
                    tag("span", ["class": "unit"], "UTC")
                }
                tag(
                    "p", ["class": "hint", "id": "time-hint"],
                    "From \(earliest) to \(opened), when this page was opened. Up to six digits behind the "
                        + "second.")
                tag("label", ["class": "below", "for": "words"], "or in words")
                void(
                    "input",
                    [
                        "type": "text", "id": "words", "name": "words", "value": form.words,
                        "placeholder": "yesterday 18:00 Europe/Paris", "autocomplete": "off",
                        "aria-describedby": "words-hint",
                    ])
                tag(
                    "p", ["class": "hint", "id": "words-hint"],
                    "10 minutes ago; 2026-11-29 04:37:12+01:00; a time and its zone. It is used instead "
                        + "of the calendar.")
            }
        }
    }

    private var serverDetails: HTML {
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Server details")
            Parts.input(
                "Name", "name", form.name, hint: "3 to 63 lower-case letters, digits and hyphens.",
                isRequired: true, more: ["maxlength": "63"])
            Parts.fixed("Location", location)
            Parts.fixed("PostgreSQL version", version)
            Parts.fixed("Availability zone", zone.isEmpty ? "No preference" : zone)
            Parts.fixed("Compute + storage", compute)
            Parts.fixed(
                "Backup retention period (in days)", String(retentionDays), hint: Self.lockedRetention)
        }
    }

    private var hereOnly: HTML {
        tag("fieldset", ["class": "card here-only"]) {
            tag("legend", [:], "Here only")
            Parts.select(
                "Delete the copy", "expiry", form.expiry,
                [
                    Choice("", "Never"), Choice("1", "1 hour after it is complete"),
                    Choice("24", "1 day after it is complete"), Choice("168", "7 days after it is complete"),
                ], hint: "It can be kept afterwards with one button.")
            tag("div", ["class": "field"]) {
                tag("span", ["class": "label"], "Firewall")
                tag("div", ["class": "control"]) {
                    tag("label", ["class": "check"]) {
                        void(
                            "input",
                            [
                                "type": "checkbox", "name": "here", "value": "yes",
                                "checked": form.opensHere ? "" : nil,
                            ])
                        "Let this machine (127.0.0.1) in as soon as it is open"
                    }
                    tag("p", ["class": "hint"], "The copy does not have the firewall rules of its source.")
                }
            }
        }
    }
}
