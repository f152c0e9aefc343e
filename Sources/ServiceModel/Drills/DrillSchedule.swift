public import Platform
public import PostgresFormat

/// When a server's restore is rehearsed by itself, and with which assertions; in UTC.
public struct DrillSchedule: Codable, Hashable, Sendable {
    /// 0 is Sunday; nil is every day.
    public let dayOfWeek: Int?
    public let hour: Int
    public let minute: Int
    /// As they were when this was chosen.
    public var assertions: [DrillAssertion] = []
    public var database = "postgres"
    /// Commands to run against each copy, as they were written; nil for none. Whoever is on the machine with
    /// the rights of the servers' account chooses them, and nobody by the API or the portal.
    public var steps: [DrillCommand]?
    /// Seconds for each assertion and each step.
    public var timeLimit = 600.0
    /// The most that this may be: maintenance waits meanwhile.
    public static let longestTimeLimit = 3600.0
    public var chosenAt: PostgresTimestamp?
    public var chosenBy = ""

    /// - Parameters:
    ///   - daily: `03:00`.
    ///   - weekly: `sat 03:00` or `sat:03:00`.
    ///
    /// Throws `.invalidParameterValue` for what is no such time.
    public init(daily: String) throws(Problem) { try self.init("Sun:" + daily, typed: daily, isDaily: true) }

    public init(weekly: String) throws(Problem) {
        let words = weekly.split { $0 == " " || $0 == ":" }.joined(separator: ":")
        try self.init(words, typed: weekly, isDaily: false)
    }

    private init(_ text: String, typed: String, isDaily: Bool) throws(Problem) {
        // What is wrong with it is told in the words of a drill.
        guard let window = try? MaintenanceWindow(text), text.split(separator: ":").count == 3 else {
            throw Problem(
                .invalidParameterValue, "'\(typed)' is no time for drills",
                hint: "Write --daily 03:00 or --weekly 'sat 03:00', in UTC.")
        }
        dayOfWeek = isDaily ? nil : window.dayOfWeek
        hour = window.startHour
        minute = window.startMinute
    }

    /// `every day at 03:00 UTC`, `every Saturday at 03:00 UTC`.
    public var words: String {
        guard let dayOfWeek, let window = window(dayOfWeek) else {
            return "every day at \(time) UTC"
        }
        let day = window.description.split(separator: " ").first.map(String.init) ?? ""
        return "every \(day) at \(time) UTC"
    }

    /// `03:00`
    public var time: String {
        [hour, minute].map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: ":")
    }

    private func window(_ day: Int) -> MaintenanceWindow? {
        // What is in a schedule was a day, an hour and a minute when it was made.
        try? MaintenanceWindow(dayOfWeek: day, startHour: hour, startMinute: minute)
    }

    /// When one was due last.
    public func lastDue(at now: PostgresTimestamp) -> PostgresTimestamp? {
        window(dayOfWeek ?? 0).map { dayOfWeek == nil ? $0.lastDailyStart(at: now) : $0.lastOpening(at: now) }
    }

    public func nextDue(after now: PostgresTimestamp) -> PostgresTimestamp? {
        lastDue(at: now)?.advanced(bySeconds: period)
    }

    /// Seconds from one to the next.
    public var period: Int64 { dayOfWeek == nil ? 86_400 : 7 * 86_400 }

    /// Whether it begins while the window is open; one of every day at the window's time of day.
    public func fits(_ window: MaintenanceWindow, at now: PostgresTimestamp) -> Bool {
        guard let due = lastDue(at: now) else { return false }
        if dayOfWeek != nil { return window.isOpen(at: due) }
        return due < window.lastDailyStart(at: due).advanced(bySeconds: MaintenanceWindow.seconds)
    }

    /// Whether a drill is due: one whose time has come since the last began, or since this was chosen.
    public func isDue(last: PostgresTimestamp?, at now: PostgresTimestamp) -> Bool {
        guard let due = lastDue(at: now) else { return false }
        let known = [last, chosenAt].compactMap(\.self).max()
        return known.map { $0 < due } ?? true
    }
}

/// A command that is run in a shell against a drill's copy.
public struct DrillCommand: Codable, Hashable, Sendable {
    public var command: String
    public var name: String

    public init(name: String, command: String) {
        self.command = command
        self.name = name
    }
}

/// SQL whose queries return no row when all is well.
public struct DrillAssertion: Codable, Hashable, Sendable {
    public var name: String
    public var sql: String

    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}
