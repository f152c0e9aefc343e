import Notation

/// Where a page lies: the portal's addresses in one place, written and read.
public enum Place: Hashable, Sendable {
    case servers, create, notifications, signIn, signOut, events, deleted, activity, access, practice
    case asset(String)
    case deployment(String)
    case server(group: String, name: String, ServerPlace)

    static let root = "/portal"

    /// The path, percent-encoded.
    public var path: String {
        switch self {
        case .servers: Self.root
        case .create: Self.root + "/create"
        case .notifications: Self.root + "/notifications"
        case .signIn: Self.root + "/sign-in"
        case .signOut: Self.root + "/sign-out"
        case .events: Self.root + "/events"
        case .deleted: Self.root + "/deleted"
        case .activity: Self.root + "/activity"
        case .access: Self.root + "/access"
        case .practice: Self.root + "/practice"
        case .asset(let name): Self.root + "/assets/" + name
        case .deployment(let id): Self.root + "/deployments/" + PercentCoding.encode(id)
        case .server(let group, let name, let part):
            "\(Self.root)/servers/\(PercentCoding.encode(group))/\(PercentCoding.encode(name))"
                + (part == .overview ? "" : "/\(part.rawValue)")
        }
    }

    /// As a link calls it; empty for what is no page.
    public var words: String {
        switch self {
        case .servers: "Servers"
        case .create: "Create server"
        case .notifications: "Notifications"
        case .signIn: "Sign in"
        case .signOut: "Sign out"
        case .deleted: "Deleted servers"
        case .activity: "Activity log"
        case .access: "Access"
        case .practice: "Practice"
        case .deployment: "Deployment"
        case .server(_, let name, let part): part == .overview ? name : part.words
        case .events, .asset: ""
        }
    }

    /// The page's heading.
    public var title: String {
        switch self {
        case .create: "Create Azure Database for PostgreSQL flexible server"
        case .server(_, let name, let part): part.title(of: name)
        case .servers, .notifications, .signIn, .signOut, .events, .deleted, .activity, .access, .practice,
            .asset, .deployment:
            words
        }
    }

    /// Nil for what is no place of the portal.
    ///
    /// - Parameter words: the path's parts behind `/portal`, decoded.
    public init?(_ words: [String]) {
        switch (words.count, words.first ?? "") {
        case (0, _): self = .servers
        case (1, "create"): self = .create
        case (1, "notifications"): self = .notifications
        case (1, "sign-in"): self = .signIn
        case (1, "sign-out"): self = .signOut
        case (1, "events"): self = .events
        case (1, "deleted"): self = .deleted
        case (1, "activity"): self = .activity
        case (1, "access"): self = .access
        case (1, "practice"): self = .practice
        case (2, "assets"): self = .asset(words[1])
        case (2, "deployments"): self = .deployment(words[1])
        case (3, "servers"): self = .server(group: words[1], name: words[2], .overview)
        case (4, "servers"):
            guard let part = ServerPlace(rawValue: words[3]), part != .overview else { return nil }
            self = .server(group: words[1], name: words[2], part)
        default: return nil
        }
    }
}
