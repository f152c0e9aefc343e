import Notation

/// *Backup and restore*: what a server can be restored from.
public struct BackupsPage: Page {
    public struct Backup: Sendable {
        public var name = ""
        /// `Full` or `Customer On-Demand`.
        public var type = ""
        public var completed = ""
        public var size = ""
        /// What its last check found; empty when it was never checked.
        public var verdict = ""
        /// Whether it was taken on demand, and so can be deleted.
        public var isOnDemand = false

        public init() {}
    }

    public enum Filter: String, Sendable, CaseIterable {
        case all = "All"
        case automatic = "Automatic"
        case onDemand = "On-demand"
    }

    public var frame = Frame()
    public var group = ""
    public var name = ""
    /// Those of this page.
    public var backups: [Backup] = []
    /// How many newer ones are on the pages before it; nil on the first one.
    public var newer: Int?
    /// How many there are up to the end of this page, where more follow.
    public var older: Int?
    public var filter = Filter.all
    public var retentionDays = 7
    /// Where they are kept, and how far the second copy is behind.
    public var redundancy: [Fact] = []
    /// What is archived of the WAL.
    public var archive: [Fact] = []
    /// Segments that are missing, each with what cannot be restored for it.
    public var gaps: [String] = []
    /// What the last check of the whole archive found; nil where there was none.
    public var check: ArchiveCheck?
    public var mayCheck = false
    public var mayBackUp = false
    public var mayDelete = false
    public var mayRestore = false
    /// A name that no backup has.
    public var suggestion = ""
    public var once = ""

    public init() {}

    private func place(_ part: Place.ServerPlace) -> String {
        Place.server(group: group, name: name, part).path
    }

    public var content: HTML {
        if mayBackUp { backUp }
        tag("h2", ["class": "above"], "Backups")
        tag("nav", ["class": "toolbar", "aria-label": "Backup type"]) {
            for kind in Filter.allCases {
                tag(
                    "a",
                    [
                        "class": "button", "href": "\(place(.backups))?type=\(kind.rawValue)",
                        "aria-current": kind == filter ? "true" : nil,
                    ], kind.rawValue)
            }
        }
        if backups.isEmpty {
            tag("div", ["class": "empty"]) { tag("p", [:], "No such backup yet.") }
        } else {
            table
            if newer != nil || older != nil {
                tag("nav", ["class": "buttons", "aria-label": "More backups"]) {
                    if let newer { step("Newer", newer) }
                    if let older { step("Older", older) }
                }
            }
        }
        tag("div", ["class": "pair"]) {
            Parts.card("Retention and redundancy") {
                Parts.facts(
                    [Fact("Backup retention period (in days)", String(retentionDays))] + redundancy)
                tag("p", ["class": "below"]) {
                    tag("a", ["href": place(.compute)], "change the retention")
                }
            }
            Parts.card("WAL archive") {
                Parts.facts(archive)
                for gap in gaps { tag("p", ["class": "bad"], gap) }
                tag("p", ["class": "below"]) {
                    tag("a", ["href": place(.timeline)], "see it on the timeline")
                }
                if let check { check.html }
                if mayCheck {
                    tag("form", ["method": "post", "action": place(.backups)]) {
                        hidden([("do", "verify")])
                        tag("div", ["class": "buttons"]) { tag("button", [:], "Verify now") }
                    }
                }
            }
        }
    }

    private func step(_ words: String, _ after: Int) -> HTML {
        tag(
            "a",
            ["class": "button", "href": "\(place(.backups))?type=\(filter.rawValue)&after=\(after)"], words)
    }

    private var backUp: HTML {
        tag("form", ["method": "post", "action": place(.backups), "class": "card form"]) {
            hidden([])
            tag("h2", [:], "Back up now")
            Parts.input("Backup name", "backup", suggestion, isRequired: true)
            tag("div", ["class": "buttons"]) { tag("button", ["class": "primary"], "Backup") }
        }
    }

    private var table: HTML {
        Parts.table("Backups", ["Name", "Backup type", "Completion time (UTC)", "Size", "Actions"]) {
            for backup in backups { row(backup) }
        }
    }

    private func row(_ backup: Backup) -> HTML {
        tag("tr") {
            tag("th", ["scope": "row"]) {
                backup.name
                if !backup.verdict.isEmpty { tag("span", ["class": "sub"], backup.verdict) }
            }
            tag("td", [:], backup.type)
            tag("td", ["class": "exact when"], backup.completed)
            tag("td", ["class": "exact when"], backup.size)
            tag("td") {
                tag("div", ["class": "buttons"]) {
                    if mayRestore {
                        tag(
                            "a",
                            [
                                "class": "button",
                                "href": "\(place(.restore))?backup=\(PercentCoding.encode(backup.name))",
                                "aria-label": "Restore \(backup.name)",
                            ], "Restore")
                    }
                    if mayDelete, backup.isOnDemand {
                        // What is gone with a click is asked for once more, also without JavaScript.
                        tag("details", ["class": "sure"]) {
                            tag("summary", ["aria-label": "Delete \(backup.name)"], "Delete")
                            tag("form", ["method": "post", "action": place(.backups)]) {
                                hidden([("do", "delete"), ("backup", backup.name)])
                                tag("button", ["class": "danger"]) {
                                    "Delete for good"
                                    Parts.unseen(": \(backup.name)")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func hidden(_ fields: [(name: String, value: String)]) -> HTML {
        Parts.hidden([("token", frame.signedIn?.token ?? ""), ("once", once)] + fields)
    }
}

/// What a look at every archived segment has found.
public struct ArchiveCheck: Sendable {
    public var isSound: Bool
    public var facts: [Fact]
    /// What is missing or damaged, a line each.
    public var findings: [String]
    /// Of all that were found.
    public var findingCount: Int

    public init(isSound: Bool, facts: [Fact], findings: [String], findingCount: Int) {
        self.isSound = isSound
        self.facts = facts
        self.findings = findings
        self.findingCount = findingCount
    }

    /// What is shown of it.
    private static let most = 20

    var html: HTML {
        // Of some time ago: nothing that a page interrupts anybody with.
        tag("div", ["class": isSound ? "notice good" : "notice bad"]) {
            tag(
                "strong", [:],
                isSound
                    ? "The WAL archive was complete." : "The WAL archive was incomplete or damaged.")
            for finding in findings.prefix(Self.most) { tag("p", [:], finding) }
            if findingCount > min(findings.count, Self.most) {
                tag("p", [:], "and \(findingCount - min(findings.count, Self.most)) more")
            }
            Parts.facts(facts)
        }
    }
}
