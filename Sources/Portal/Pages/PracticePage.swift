/// An incident to practise on: what there is to do, and how far it is.
public struct PracticePage: Page {
    public struct Task: Sendable {
        public enum State: String, Sendable {
            case done = "Done"
            case now = "Now"
            case later = "Later"
        }

        public var title: String
        public var text: [String]
        /// What was seen of it last.
        public var finding: String
        public var state: State

        public init(_ title: String, _ text: [String], finding: String, state: State) {
            self.title = title
            self.text = text
            self.finding = finding
            self.state = state
        }
    }

    public var frame = Frame()
    public var group = ""
    public var server = ""
    public var tasks: [Task] = []

    public init() {}

    public var content: HTML {
        tag("p", ["class": "intro"]) {
            "Each task is checked by itself, as soon as it is done. Nothing here is yours: whatever you try, it "
                + "is removed at the end."
        }
        tag("div", ["data-follow": "", "data-said": said]) {
            tag("ol", ["class": "story"]) {
                for task in tasks { shown(task) }
            }
            if tasks.allSatisfy({ $0.state == .done }) {
                tag("p", ["class": "notice good"]) { tag("strong", [:], "All tasks are done") }
            }
        }
    }

    /// How far it is, in a sentence: what is read out when that changes.
    private var said: String {
        guard let task = tasks.first(where: { $0.state == .now }) else { return "All tasks are done." }
        return "\(tasks.count { $0.state == .done }) of \(tasks.count) tasks are done. Now: \(task.title)."
            + (task.finding.isEmpty ? "" : " Not yet: \(task.finding).")
    }

    private func shown(_ task: Task) -> HTML {
        tag("li", ["class": "card", "aria-current": task.state == .now ? "step" : nil]) {
            tag("h2", [:], task.title)
            tag("p") { tag("strong", ["class": task.state == .done ? "good" : nil], task.state.rawValue) }
            if task.state != .later {
                for sentence in task.text { tag("p", [:], sentence) }
                if !task.finding.isEmpty {
                    tag("p", ["class": task.state == .done ? "notice good" : "notice attention"]) {
                        tag("strong", [:], task.state == .done ? "Accepted" : "Not yet")
                        ": \(task.finding)"
                    }
                }
            }
            if task.state == .now {
                tag("p", ["class": "buttons"]) {
                    for place in [
                        Place.server(group: group, name: server, .overview),
                        .server(group: group, name: server, .timeline),
                        .server(group: group, name: server, .undo), .deleted,
                    ] {
                        tag("a", ["class": "button", "href": place.path], place.words)
                    }
                }
            }
        }
    }
}
