import ArgumentParser
import PostgresFormat

/// An instant on the command line; without a zone it is UTC.
struct TimeText: ExpressibleByArgument, Sendable {
    let instant: PostgresTimestamp

    init?(argument: String) {
        guard case .success(let parsed) = TimestampParser.parse(argument) else { return nil }
        instant = parsed.instant
    }
}
