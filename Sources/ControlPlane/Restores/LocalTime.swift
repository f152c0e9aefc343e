import Foundation
public import PostgresFormat

/// The zone database, and the zone of this machine.
public enum LocalTime {
    /// A zone by its name in the zone database, `Europe/Paris`, in any letter case. Short names are refused,
    /// since `IST` or `CST` are several zones.
    static func zone(_ name: String) -> TimeZone? {
        guard name.contains("/") else { return nil }
        if let exact = TimeZone(identifier: name) { return exact }
        let wanted = name.lowercased()
        return TimeZone.knownTimeZoneIdentifiers.first { $0.lowercased() == wanted }
            .flatMap(TimeZone.init(identifier:))
    }

    /// The instants at which a clock of the zone shows `local`: one, two when clocks are set back, none when
    /// they are set forward.
    ///
    /// - Parameter local: the time that the clock shows, as if it were UTC.
    static func instants(_ local: PostgresTimestamp, in zone: TimeZone) -> [PostgresTimestamp] {
        offsets(around: local, in: zone).map { local.advanced(bySeconds: -$0) }
            .filter { instant in offset(at: instant, in: zone) == local.microsecondsSince(instant) / 1_000_000
            }
            .sorted()
    }

    /// For a time that no clock of the zone shows: what the clock before the change, and the one after it,
    /// would have meant.
    static func readings(_ local: PostgresTimestamp, in zone: TimeZone) -> [PostgresTimestamp] {
        offsets(around: local, in: zone).map { local.advanced(bySeconds: -$0) }.sorted()
    }

    /// The zone's offsets from UTC that are in use within a day and a bit of the local time, in seconds.
    private static func offsets(around local: PostgresTimestamp, in zone: TimeZone) -> Set<Int64> {
        var found: Set<Int64> = []
        // A clock shows at most 26 hours more or less than UTC; zones change far less often than this looks.
        for quarter in stride(from: -108, through: 108, by: 1) {
            found.insert(offset(at: local.advanced(bySeconds: Int64(quarter) * 900), in: zone))
        }
        return found
    }

    static func offset(at instant: PostgresTimestamp, in zone: TimeZone) -> Int64 {
        Int64(zone.secondsFromGMT(for: Foundation.Date(timeIntervalSince1970: instant.unixSeconds)))
    }

    /// The instant as a clock of this machine shows it: `2026-03-22 19:20:22.123456+01:00 (Europe/Paris)`.
    public static func text(_ instant: PostgresTimestamp) -> String { text(instant, in: .current) }

    /// The name of this machine's zone in the zone database; nil where its clock shows UTC.
    public static var zoneHere: String? {
        isUTC(.current) ? nil : TimeZone.current.identifier
    }

    private static func isUTC(_ zone: TimeZone) -> Bool {
        ["UTC", "GMT", "Etc/UTC", "Etc/GMT"].contains(zone.identifier)
    }

    /// The instants at which a clock of this machine shows `local`: see `instants`.
    public static func instantsHere(_ local: PostgresTimestamp) -> [PostgresTimestamp] {
        instants(local, in: .current)
    }

    /// From when on a clock of this machine is how many seconds ahead of UTC: at the first instant, and at
    /// each change up to the last one.
    public static func offsetsHere(
        from first: PostgresTimestamp, to last: PostgresTimestamp
    ) -> [(from: PostgresTimestamp, seconds: Int64)] {
        offsets(from: first, to: last, in: .current)
    }

    static func offsets(
        from first: PostgresTimestamp, to last: PostgresTimestamp, in zone: TimeZone
    ) -> [(from: PostgresTimestamp, seconds: Int64)] {
        var offsets = [(from: first, seconds: offset(at: first, in: zone))]
        var date = Foundation.Date(timeIntervalSince1970: first.unixSeconds)
        while offsets.count < 100, let next = zone.nextDaylightSavingTimeTransition(after: date) {
            let change = PostgresTimestamp(
                unixMicroseconds: Int64(next.timeIntervalSince1970.rounded()) * 1_000_000)
            guard change <= last, next > date else { break }
            offsets.append((change, offset(at: change, in: zone)))
            date = next
        }
        return offsets
    }

    /// In UTC and, where this machine's zone is another, as its clock shows it.
    static func both(_ instant: PostgresTimestamp, _ here: TimeZone = .current) -> String {
        isUTC(here) ? "\(instant)" : "\(instant), here \(text(instant, in: here))"
    }

    static func text(_ instant: PostgresTimestamp, in zone: TimeZone) -> String {
        let offset = offset(at: instant, in: zone)
        let local = instant.advanced(bySeconds: offset).description.replacing("T", with: " ").dropLast()
        let minutes = abs(offset) / 60
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(local)\(offset < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60)) (\(zone.identifier))"
    }
}

extension PostgresTimestamp {
    fileprivate func microsecondsSince(_ other: PostgresTimestamp) -> Int64 {
        microseconds - other.microseconds
    }

    /// Whole seconds since 1970, rounded down: zones change at whole seconds.
    fileprivate var unixSeconds: Double {
        (Double(unixMicroseconds) / 1_000_000).rounded(.down)
    }
}
