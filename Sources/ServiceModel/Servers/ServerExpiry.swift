public import PostgresFormat

/// When a copy is to be deleted, as it was asked for.
public enum RequestedExpiry: Hashable, Sendable, Codable {
    /// That many seconds after the copy is complete, or after it was asked for.
    case after(seconds: Int64)
    case at(PostgresTimestamp)
    case never
}

/// The end of a copy's time, as the catalog keeps it.
public struct ServerExpiry: Hashable, Sendable, Codable {
    public var time: PostgresTimestamp
    /// When it was chosen.
    public var chosenAt: PostgresTimestamp
    /// Who chose it.
    public var caller: String
    /// The machine's uptime that had been counted by then, in whole seconds.
    public var countedUptime: Int64
    /// How many seconds before its end it was warned of last; nil before the first warning.
    public var warned: Int64?
    /// Whether the copy was deleted for it.
    public var isCarriedOut: Bool?

    public init(
        time: PostgresTimestamp, chosenAt: PostgresTimestamp, caller: String, countedUptime: Int64,
        warned: Int64? = nil, isCarriedOut: Bool? = nil
    ) {
        self.time = time
        self.chosenAt = chosenAt
        self.caller = caller
        self.countedUptime = countedUptime
        self.warned = warned
        self.isCarriedOut = isCarriedOut
    }

    /// In seconds.
    public var span: Int64 { Self.seconds(from: chosenAt, to: time) }

    public func secondsLeft(at now: PostgresTimestamp) -> Int64 { Self.seconds(from: now, to: time) }

    /// Seconds for which the machine has yet to be up until its uptime agrees with the clock that the copy's
    /// time is over; 0 where it does.
    public func missingUptime(counted: Double) -> Double { max(0, Double(span + countedUptime) - counted) }

    /// The warning that is due: how many seconds before the end it is given. Of a copy with less time than
    /// that from the beginning nothing is said.
    public func dueWarning(at now: PostgresTimestamp) -> Int64? {
        let left = secondsLeft(at: now)
        let due = Self.warnings.filter { left <= $0 && $0 < span }.min()
        return due.flatMap { $0 < warned ?? .max ? $0 : nil }
    }

    private static let warnings: [Int64] = [86_400, 3600]

    /// Why the copy is deleted, for the activity log and the evidence.
    public var reason: String { "its time was over at \(time), as \(caller) chose at \(chosenAt)" }
    public var deletionReason: String? { isCarriedOut == true ? reason : nil }
    public var carriedOut: ServerExpiry {
        var changed = self
        changed.isCarriedOut = true
        return changed
    }

    private static func seconds(from start: PostgresTimestamp, to end: PostgresTimestamp) -> Int64 {
        (end.unixMicroseconds - start.unixMicroseconds) / 1_000_000
    }
}

/// How a copy's time stands.
public struct ExpiryState: Hashable, Sendable {
    public var time: PostgresTimestamp
    /// Less than 0 where the time is over.
    public var secondsLeft: Int64
    public var isOver: Bool
    /// Seconds of uptime that have to pass before the copy is deleted, where its time is over by the
    /// clock alone.
    public var waitSeconds: Double

    public init(time: PostgresTimestamp, secondsLeft: Int64, isOver: Bool, waitSeconds: Double = 0) {
        self.time = time
        self.secondsLeft = secondsLeft
        self.isOver = isOver
        self.waitSeconds = waitSeconds
    }

    /// When a copy whose time is over is deleted.
    public var waitWords: String {
        guard waitSeconds > 0 else {
            return "it is deleted by 'pitr serve', or else by the next 'pitr maintain'"
        }
        let wait = Self.words(seconds: Int64(waitSeconds))
        return
            "it is deleted when the machine has been up for \(wait) more, since its uptime does not show yet "
            + "that the clock is right"
    }

    /// `50 minutes`, `23 hours`, `7 days`: in the largest unit of which there are two.
    public static func words(seconds: Int64) -> String {
        for (size, unit) in [(86_400, "days"), (3600, "hours"), (60, "minutes")] as [(Int64, String)] {
            let count = (seconds + size / 2) / size
            if count >= 2 { return "\(count) \(unit)" }
        }
        return seconds >= 30 ? "1 minute" : "less than a minute"
    }
}
