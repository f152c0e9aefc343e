import Foundation
public import Platform
public import PostgresFormat
public import ServiceModel

extension RequestedTime {
    /// Reads a time as people write it.
    ///
    /// - Parameter now: what `10 minutes ago` counts from.
    /// - Throws: `.usage` with what is wrong.
    public init(_ text: String, now: PostgresTimestamp) throws(Problem) {
        let moment = try MomentText.read(text, now: now)
        self.init(moment.instant, typed: text, note: moment.note)
    }

    /// Whether it is a clock time without a zone: `yesterday 18:00`, and not `…Z`, `… Europe/Paris` or
    /// `10 minutes ago`.
    public static func namesNoZone(_ text: String) -> Bool {
        // What is no clock time has none to be read in, and is told where it is read itself.
        guard let written = try? WrittenMoment(text, here: .current) else { return false }
        return written.zone == nil
    }
}
