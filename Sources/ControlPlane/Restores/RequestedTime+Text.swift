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
}
