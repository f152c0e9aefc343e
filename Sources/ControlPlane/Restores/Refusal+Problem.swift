import Planning
import Platform
import PostgresFormat
import ServiceModel

extension Problem {
    /// A planner's refusal with the code that the command line and the API show.
    init(_ refusal: Refusal) {
        let code: ProblemCode =
            switch refusal {
            case .noBackup, .everyBackupTooNew, .noBackupOnTimeline: .noUsableBackup
            case .tooEarly, .insideBackup: .restoreTimeTooEarly
            case .tooLate: .restoreTimeTooLate
            case .unknownBackup, .unknownTimeline: .resourceNotFound
            case .damagedBackup: .backupDamaged
            case .missingSegment, .timelineWithoutWAL: .walMissing
            case .damagedSegment: .walDamaged
            case .minimalLogging, .timeNotExact, .lockedOut: .targetUnreachable
            case .cut(let refusal):
                switch refusal {
                case .unknownTransaction, .unknownRestorePoint: .resourceNotFound
                case .ambiguousTransaction, .ambiguousRestorePoint: .ambiguousTarget
                case .positionTooEarly, .positionTooLate, .eventGone, .everyBackupTooNew, .subtransaction:
                    .targetUnreachable
                }
            }
        self.init(code, refusal.message, detail: refusal.detail, hint: refusal.hint)
    }

    /// The same with what can be reached instead, as commands to paste.
    ///
    /// - Parameter advice: takes the place of the refusal's own hint.
    init(_ refusal: Refusal, nearest: NearestTargets, request: RestoreRequest, advice: String?) {
        self.init(refusal)
        if let advice { hint = advice }
        let commands = [("before", nearest.before), ("after", nearest.after)].compactMap { side, target in
            target.map { "Nearest \(side) it: \(request.command(for: $0))" }
        }
        if !commands.isEmpty { hint = ([hint].compactMap { $0 } + commands).joined(separator: "\n") }
    }
}

extension RestoreRequest {
    /// The command that asks for the same with another target: a plan unless the copy has a name.
    func command(for target: RecoveryTarget) -> String {
        var words = ["pitr", name == nil ? "plan" : "restore"]
        if resourceGroup != Identifiers.defaultGroup { words += ["-g", resourceGroup] }
        if let name { words += ["-n", name] }
        words += ["-s", sourceServer] + target.options
        return words.map { Command.shellQuoted($0) }.joined(separator: " ")
    }
}
