public import Platform
public import PostgresFormat

/// The hour of the week in which a server's weekly work is done; in UTC, as Azure has it.
public struct MaintenanceWindow: Hashable, Sendable, Codable {
    /// 0 is Sunday, 6 Saturday.
    public let dayOfWeek: Int
    /// 0 to 23.
    public let startHour: Int
    /// 0 to 59.
    public let startMinute: Int

    /// How long it is open.
    public static let seconds: Int64 = 3600
    private static let secondsOfDay: Int64 = 86_400
    private static let days = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// Throws `.invalidParameterValue` for what is no day, hour or minute.
    public init(dayOfWeek: Int, startHour: Int, startMinute: Int) throws(Problem) {
        for (name, value, last) in [
            ("dayOfWeek", dayOfWeek, 6), ("startHour", startHour, 23), ("startMinute", startMinute, 59),
        ] where !(0...last).contains(value) {
            throw Problem(
                .invalidParameterValue,
                "Invalid value given for parameter maintenanceWindow.\(name). Specify a valid parameter value.",
                detail: "\(value) is none of 0 to \(last)", hint: "Days count from Sunday, which is 0.")
        }
        self.dayOfWeek = dayOfWeek
        self.startHour = startHour
        self.startMinute = startMinute
    }

    /// As az takes it: `Sun`, `Sun:1` or `Sun:1:30`, days also by their whole names.
    public init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().map { Int($0) }
        let day = Self.days.firstIndex { name in
            let word = parts[0].lowercased()
            return word == name.lowercased() || word == name.prefix(3).lowercased()
        }
        guard let day, numbers.count <= 2, numbers.allSatisfy({ $0 != nil }) else {
            throw Problem(
                .invalidParameterValue, "'\(text)' is no maintenance window",
                hint: "Write a day, hour and minute in UTC, such as Sun:1:30, or Disabled.")
        }
        let times = numbers.compactMap { $0 }
        try self.init(
            dayOfWeek: day, startHour: times.first ?? 0, startMinute: times.count > 1 ? times[1] : 0)
    }

    /// `Sunday 01:30 UTC`.
    public var description: String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
        return "\(Self.days[dayOfWeek]) \(two(startHour)):\(two(startMinute)) UTC"
    }

    // MARK: When

    /// When it opened last.
    public func lastOpening(at now: PostgresTimestamp) -> PostgresTimestamp {
        // 2000-01-01, where these times begin, was a Saturday.
        last(offset: Int64(dayOfWeek + 1) * Self.secondsOfDay + startSecond, period: 7, at: now)
    }

    /// When daily work began to be due last: at the same time of every day.
    public func lastDailyStart(at now: PostgresTimestamp) -> PostgresTimestamp {
        last(offset: startSecond, period: 1, at: now)
    }

    public func isOpen(at now: PostgresTimestamp) -> Bool {
        now < lastOpening(at: now).advanced(bySeconds: Self.seconds)
    }

    private var startSecond: Int64 { Int64(startHour * 3600 + startMinute * 60) }

    private func last(offset: Int64, period days: Int64, at now: PostgresTimestamp) -> PostgresTimestamp {
        let period = days * Self.secondsOfDay * 1_000_000
        let since = now.microseconds - offset * 1_000_000
        let passed = ((since % period) + period) % period
        return now.advanced(byMicroseconds: -passed)
    }
}

/// What becomes of a server's maintenance window.
public enum RequestedWindow: Hashable, Sendable, Codable {
    /// Work is done whenever it is due.
    case disabled
    case custom(MaintenanceWindow)

    public init(_ text: String) throws(Problem) {
        self = text.lowercased() == "disabled" ? .disabled : .custom(try MaintenanceWindow(text))
    }

    public var window: MaintenanceWindow? {
        if case .custom(let window) = self { window } else { nil }
    }
}
