import Foundation
import Platform

/// A time zone as people write it: `Z`, `+02:00`, `Europe/Paris`, `CET`, `local`.
struct WrittenZone {
    let zone: TimeZone

    /// Hours from UTC of the abbreviations that mean one thing, as PostgreSQL's default set has them. Those
    /// that are used for several zones (CST, IST, BST, AST, …) are refused.
    private static let abbreviations: [String: Int] = [
        "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2,
        "EET": 2, "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
        "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "AWST": 8,
        "NZST": 12, "NZDT": 13,
    ]

    /// - Parameters:
    ///   - here: what `local` means.
    ///   - text: all that was typed, for the refusal.
    /// - Throws: `.usage` for a name that is no zone or several.
    init(_ name: String, here: TimeZone, in text: String) throws(Problem) {
        if name.lowercased() == "local" {
            zone = here
        } else if let hours = Self.abbreviations[name.uppercased()] {
            zone = try Self.fixed(seconds: hours * 3600, text)
        } else if let sign = name.first, sign == "+" || sign == "-" {
            guard let match = name.wholeMatch(of: /[+-](\d{2})(?::?(\d{2}))?/), let hours = Int(match.1),
                let minutes = Int(match.2 ?? "00"), minutes < 60
            else {
                throw MomentText.malformed(text, "'\(name)' is no offset; one looks like +02:00")
            }
            zone = try Self.fixed(seconds: (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60), text)
        } else if let found = LocalTime.zone(name) {
            zone = found
        } else {
            throw MomentText.malformed(
                text, "there is no time zone '\(name)' in the zone database",
                hint: name.contains("/")
                    ? "Names look like Europe/Paris."
                    : "Some short names mean several zones; use one like Europe/Paris, an offset, or 'local'."
            )
        }
    }

    private static func fixed(seconds: Int, _ text: String) throws(Problem) -> TimeZone {
        guard let zone = TimeZone(secondsFromGMT: seconds) else {
            throw MomentText.malformed(text, "no zone is that far from UTC")
        }
        return zone
    }
}
