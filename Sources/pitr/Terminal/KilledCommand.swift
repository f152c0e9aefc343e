import Platform

/// What a command leaves when it is ended before it could clean up, and what removes that.
enum KilledCommand: Sendable {
    /// It may have begun something in the state directory.
    case standard
    /// It makes servers of its own.
    case demo
    /// It carries out nothing itself.
    case daemon
    /// It is a client of a server.
    case client

    var problem: Problem {
        switch self {
        case .standard:
            Problem(
                .canceled, "ended at once, before it had cleaned up",
                hint: "'pitr maintain' ends and removes what it may have left half-made.")
        case .demo:
            Problem(
                .canceled, "ended at once, before it had cleaned up",
                hint:
                    "'pitr maintain' removes what is half-made; 'pitr demo' removes the servers of this run.")
        case .client:
            Problem(
                .canceled, "ended at once, before the server had answered",
                hint: "Look what the server has committed before the SQL is repeated.")
        case .daemon:
            Problem(
                .canceled, "ended at once",
                hint:
                    "Operations go on in processes of their own; 'pitr maintain' takes up maintenance again.")
        }
    }
}
