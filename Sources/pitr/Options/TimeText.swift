import ArgumentParser
import ControlPlane
import Platform
import PostgresFormat

/// An instant on the command line, in the words that `--restore-time` takes; without a zone it is UTC.
struct TimeText: Sendable {
    let instant: PostgresTimestamp
    /// How the text was understood, where it leaves something open.
    let note: String?

    /// For an option's `transform`: the parser names the option and the text in front of the reason.
    init(_ text: String) throws {
        do throws(Problem) {
            let moment = try MomentText.read(text, now: SystemWallClock().now())
            instant = moment.instant
            note = moment.note
        } catch {
            // The parser puts the option and the text in front of the reason.
            throw ValidationError([error.detail, error.hint].compactMap { $0 }.joined(separator: "\n"))
        }
    }
}
