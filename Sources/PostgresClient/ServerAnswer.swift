/// What a server says to somebody who wants in.
public enum ServerAnswer: Sendable, Hashable {
    /// It takes connections, though maybe not this one: passwords and rights are not looked at.
    case accepts
    /// It starts, stops or recovers, and turns everybody away.
    case rejects
    /// Nobody is there.
    case silent
}
