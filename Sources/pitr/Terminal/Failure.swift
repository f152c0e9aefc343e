import Platform

/// How a failure is said and which status the program ends with.
enum Failure {
    /// Every error a command can throw, as a problem with a code.
    static func problem(_ error: any Error, cancelled: Bool) -> Problem {
        guard let problem = error as? Problem else {
            return Problem(.system, "something went wrong that nobody foresaw", detail: "\(error)")
        }
        if problem.code == .canceled && cancelled {
            return Problem(.canceled, "cancelled; nothing half-made is left")
        }
        return problem
    }

    /// `ERROR: (Code) message`, then detail and hint, a line each.
    static func text(_ problem: Problem) -> String {
        var text = "ERROR: (\(problem.code.rawValue)) \(problem.message)\n"
        if let detail = problem.detail { text += "detail: \(detail)\n" }
        if let hint = problem.hint { text += "hint: \(hint)\n" }
        return text.visible(keepsLines: true)
    }
}
