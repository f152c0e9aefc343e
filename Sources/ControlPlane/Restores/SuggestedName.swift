/// A server's name that is made up for a hint, and obeys the rules for such names.
public enum SuggestedName {
    /// For the copy from before something happened on a server: `orders-before`.
    public static func before(on server: String) -> String {
        let name = joined(server, "-before")
        // Cut short, it may be the server's own.
        return name == server ? joined(server, "-earlier") : name
    }

    /// As much of the name as there is room for in front of the ending.
    private static func joined(_ server: String, _ ending: String) -> String {
        let kept = String(server.prefix(ControlPlane.longestServerName - ending.utf8.count))
        return kept + ending
    }
}
