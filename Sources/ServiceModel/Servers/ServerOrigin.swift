/// What a server's backups and WAL come from.
public enum ServerOrigin: Hashable, Sendable {
    /// A server that is run here.
    case own
    /// One that was there already and is run by somebody else; its WAL is received.
    case attached(Attachment)
    /// What somebody else made of a server; nobody runs one behind it.
    case opened(OpenedFolder)

    /// How it is reached where it is attached.
    public var attachment: Attachment? {
        switch self {
        case .attached(let attachment): attachment
        case .own, .opened: nil
        }
    }

    /// Where it lay where it was opened.
    public var opened: OpenedFolder? {
        switch self {
        case .opened(let folder): folder
        case .own, .attached: nil
        }
    }

    public var isOwn: Bool {
        switch self {
        case .own: true
        case .attached, .opened: false
        }
    }

    /// Whether its base backups tell what a copy needs of this machine. What is run here has it, and of what
    /// was opened no server was asked.
    public var backupsTellNeeds: Bool {
        switch self {
        case .attached: true
        case .own, .opened: false
        }
    }
}
