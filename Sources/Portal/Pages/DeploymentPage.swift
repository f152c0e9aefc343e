/// An operation as it goes on, and what it left.
public struct DeploymentPage: Page {
    public enum Outcome: Sendable { case inProgress, complete, failed }

    public struct Step: Sendable {
        public enum State: String, Sendable { case done, now, ahead, failed }
        public var words: String
        /// The word by which progress names it.
        public var key: String
        public var state: State
        public var seconds: String

        public init(_ words: String, key: String = "", _ state: State, seconds: String = "") {
            self.words = words
            self.key = key
            self.state = state
            self.seconds = seconds
        }
    }

    public var frame = Frame()
    public var id = ""
    public var outcome = Outcome.inProgress
    public var phase = ""
    public var details: [Fact] = []
    public var steps: [Step] = []
    /// What the step at work does now, `120 MiB of 1.0 GiB, 200 MiB/s`.
    public var now = ""
    public var doneBytes: UInt64 = 0
    public var totalBytes: UInt64 = 0
    public var resource: Place?
    public var resourceQuery = ""
    public var resourceWords = "Go to resource"
    /// Why it failed, what was found, what to do.
    public var failure: [String] = []
    public var notes: [String] = []
    public var evidence: [Fact] = []
    public var checks: [String] = []
    /// What is left to do, each with its command.
    public var left: [Fact] = []
    /// A copy with an end: it can be kept or discarded.
    public var keep: Place?
    public var discard: Place?
    /// Whether it can be called off.
    public var mayCancel = false

    public init() {}

    public static func words(_ outcome: Outcome) -> String {
        switch outcome {
        case .inProgress: "Deployment is in progress"
        case .complete: "Your deployment is complete"
        case .failed: "Your deployment failed"
        }
    }

    public var content: HTML {
        tag("section", ["class": "card", "data-operation": id, "data-phase": phase]) {
            tag(
                "h2", ["class": "outcome \(outcome)", "data-outcome": "", "tabindex": "-1"],
                Self.words(outcome))
            if !steps.isEmpty { path }
            if outcome == .inProgress { live }
            if mayCancel, outcome == .inProgress {
                tag("form", ["method": "post", "action": Place.deployment(id).path, "class": "buttons"]) {
                    Parts.hidden([("token", frame.signedIn?.token ?? "")])
                    tag("button", [:], "Cancel deployment")
                }
            }
            for line in failure { tag("p", ["class": "bad"], line) }
            if let resource, outcome != .inProgress {
                tag("p", ["class": "buttons"]) {
                    tag(
                        "a", ["class": "button primary", "href": resource.path + resourceQuery], resourceWords
                    )
                    if let discard { tag("a", ["class": "button", "href": discard.path], "Discard") }
                }
                if let keep { kept(keep) }
            }
        }
        if !left.isEmpty { todo }
        Parts.card("Deployment details") { Parts.facts(details) }
        if !notes.isEmpty {
            Parts.card("Notes") { tag("ul") { for note in notes { tag("li", [:], note) } } }
        }
        if !evidence.isEmpty { proof }
    }

    private var path: HTML {
        tag("ol", ["class": "path"]) {
            for step in steps {
                tag(
                    "li",
                    [
                        "class": step.state.rawValue, "data-step": step.key,
                        "aria-current": step.state == .now ? "step" : nil,
                    ]
                ) {
                    tag("span", ["class": "dot", "aria-hidden": "true"], "")
                    tag("span") {
                        tag("span", ["data-words": ""], step.words)
                        tag("span", ["class": "unseen", "data-state": ""], ": \(Self.spoken(step.state))")
                    }
                    if !step.seconds.isEmpty { tag("span", ["class": "sub exact"], step.seconds) }
                }
            }
        }
    }

    private static func spoken(_ state: Step.State) -> String {
        switch state {
        case .done: "done"
        case .now: "in progress"
        case .ahead: "to come"
        case .failed: "failed"
        }
    }

    private var live: HTML {
        tag("div", ["class": "live"]) {
            tag(
                "progress",
                [
                    "aria-label": "Of this step", "data-progress": "",
                    "value": totalBytes > 0 ? String(min(doneBytes, totalBytes)) : nil,
                    "max": totalBytes > 0 ? String(totalBytes) : nil,
                ], "")
            tag("p", ["class": "exact", "data-now": ""], now)
        }
    }

    private func kept(_ place: Place) -> HTML {
        tag("form", ["method": "post", "action": place.path, "class": "buttons"]) {
            Parts.hidden([("token", frame.signedIn?.token ?? "")])
            tag("button", [:], "Keep")
            tag("span", ["class": "hint"], "It is deleted when its time is over, unless it is kept.")
        }
    }

    private var todo: HTML {
        Parts.card("What is left to do") {
            for fact in left {
                tag("p", [:], fact.name)
                if let place = fact.place {
                    tag("p", ["class": "buttons"]) {
                        tag("a", ["class": "button", "href": place.path], "Add a firewall rule")
                    }
                }
                tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], fact.value) }
            }
        }
    }

    private var proof: HTML {
        Parts.card("Evidence") {
            Parts.facts(evidence)
            if !checks.isEmpty {
                tag("ul", ["class": "checks"]) { for check in checks { tag("li", [:], check) } }
            }
        }
    }
}
