import Planning
import Platform

extension Problem {
    /// A planner's refusal with the code that the command line and the API show.
    init(_ refusal: Refusal) {
        let code: ProblemCode =
            switch refusal {
            case .noBackup, .everyBackupTooNew: .noUsableBackup
            case .tooEarly, .insideBackup: .restoreTimeTooEarly
            case .tooLate: .restoreTimeTooLate
            case .unknownBackup: .resourceNotFound
            case .damagedBackup: .backupDamaged
            case .missingSegment: .walMissing
            case .damagedSegment: .walDamaged
            case .minimalLogging, .timeNotExact: .targetUnreachable
            }
        self.init(code, refusal.message, detail: refusal.detail, hint: refusal.hint)
    }
}
