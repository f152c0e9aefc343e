import ArgumentParser
import Foundation

/// What the argument parser throws: a wish for help, or wrong use.
enum UsageError {
    /// Prints it and returns the exit status; nil for errors that are not the parser's.
    static func status(of error: any Error) -> Int32? {
        let code = Pitr.exitCode(for: error)
        switch code {
        case .success:
            StandardStream.output.write(Pitr.fullMessage(for: error) + "\n")
            return 0
        case .validationFailure:
            StandardStream.error.write(text(of: error))
            return 2
        default:
            return nil
        }
    }

    /// The message, and where to read more; without the long list of every option.
    static func text(of error: any Error) -> String {
        // Made once: the parser writes down the command's whole usage for each message it is asked for.
        let full = Pitr.fullMessage(for: error)
        let parts = full.components(separatedBy: "\nUsage: ")
        let message = parts[0].hasPrefix("Error: ") ? String(parts[0].dropFirst(7)) : parts[0]
        var text = "ERROR: " + message + "\n"
        if let pointer = full.split(separator: "\n").last(where: { $0.contains("--help' for more") }) {
            text += "hint: " + pointer.drop { $0 == " " } + "\n"
        }
        return text
    }
}
