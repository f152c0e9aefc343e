#if canImport(Glibc)
    import Glibc
#endif

/// The few colours of the coloured formats, and of states in tables.
enum TerminalColor: String {
    case name = "34"
    case string = "33"
    case number = "36"
    case word = "35"
    case good = "32"
    case waiting = "93"
    case bad = "31"

    func paint(_ text: String) -> String {
        "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }

    /// Whether a terminal is to get colours: unless it has none, or `NO_COLOR` is set to anything.
    static func isWanted(environment: (String) -> String? = TerminalColor.variable) -> Bool {
        (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// How a cell that is a state is marked; nil for every other cell.
    static func state(_ cell: String) -> TerminalColor? {
        switch cell {
        case "Ready", "Succeeded", "Sound", "done", "sound": .good
        case "Provisioning", "Dropping", "Stopped", "Disabled", "InProgress", "Queued", "Started", "planned",
            "marked", "waits":
            .waiting
        case "Inaccessible", "Failed", "Canceled", "FAILING": .bad
        default: cell.hasPrefix("failed: ") || cell.hasPrefix("Damaged") ? .bad : nil
        }
    }
}
