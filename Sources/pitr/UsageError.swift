import ArgumentParser
import Foundation

/// What the argument parser throws: a wish for help, or wrong use.
enum UsageError {
    /// The text that was wished for; nil for all else.
    static func help(_ error: any Error) -> String? {
        Pitr.exitCode(for: error) == .success ? Pitr.fullMessage(for: error) + "\n" : nil
    }

    /// What was wrong about the use; nil for errors that are not the parser's.
    static func complaint(_ error: any Error) -> String? {
        isComplaint(error) ? text(of: error) : nil
    }

    static func isComplaint(_ error: any Error) -> Bool {
        Pitr.exitCode(for: error) == .validationFailure
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
