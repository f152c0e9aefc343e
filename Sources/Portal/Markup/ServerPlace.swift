extension Place {
    /// What there is of a server: each has its line here, and is called so wherever it is linked.
    public enum ServerPlace: String, Hashable, Sendable, CaseIterable {
        // The menu's, in its order.
        case overview, timeline, connect, undo, compare, drills
        case compute, networking, parameters, databases, backups
        // Those that a page leads to.
        case restore, explain, stop, start, restart, password, delete, keep

        /// A part of the menu, and its heading.
        public enum Menu: String, Sendable, CaseIterable {
            case server = ""
            case settings = "Settings"
        }

        /// How the page's heading is made.
        private enum Heading {
            /// The server's name alone, behind the page's, or before it.
            case server, before, behind
            case words(String)
        }

        private typealias Line = (words: String, heading: Heading, menu: Menu?, needsOwnServer: Bool)

        private var line: Line {
            switch self {
            case .overview: ("Overview", .server, .server, false)
            case .timeline: ("Timeline", .behind, .server, false)
            case .connect: ("Connect", .behind, .server, true)
            case .undo: ("Undo", .behind, .server, false)
            case .compare: ("Compare", .behind, .server, true)
            case .drills: ("Drills", .behind, .server, false)
            case .compute: ("Compute + storage", .behind, .settings, true)
            case .networking: ("Networking", .behind, .settings, true)
            case .parameters: ("Server parameters", .behind, .settings, true)
            case .databases: ("Databases", .behind, .settings, true)
            case .backups: ("Backup and restore", .behind, .settings, false)
            case .restore: ("Restore", .words(Place.create.title + " - Restore server"), nil, false)
            case .explain: ("Explain", .behind, nil, false)
            case .stop: ("Stop", .words("Stop server"), nil, true)
            case .start: ("Start", .words("Start server"), nil, true)
            case .restart: ("Restart", .words("Restart server"), nil, true)
            case .password: ("Reset password", .words("Reset password"), nil, true)
            case .delete: ("Delete", .before, nil, false)
            case .keep: ("Keep", .before, nil, true)
            }
        }

        /// As the menu and a button call it.
        public var words: String { line.words }
        /// Where it stands in the menu; nil for what a page leads to.
        public var menu: Menu? { line.menu }
        /// Whether the server has to be run here: an attached one has no such place.
        public var needsOwnServer: Bool { line.needsOwnServer }

        /// The page's heading.
        public func title(of server: String) -> String {
            switch line.heading {
            case .server: server
            case .before: "\(words) \(server)"
            case .behind: "\(server) | \(words)"
            case .words(let words): words
            }
        }
    }
}
