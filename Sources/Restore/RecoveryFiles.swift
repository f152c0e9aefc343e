import Instance

/// A file that PostgreSQL finds when it starts to recover, and what it is for.
public struct RecoveryFile: Sendable, Hashable {
    /// Absolute.
    public var path: String
    public var content: String
    /// In a sentence.
    public var purpose: String
}

extension RestoreExecutor {
    /// What the arm step writes: the recovery configuration, and the signal in the data directory.
    public var recoveryFiles: [RecoveryFile] {
        let paths = job.recovering.paths
        let access = HostBasedAccess(rules: [], account: job.account, superuser: paths.superuser)
        return [
            RecoveryFile(
                path: paths.settingsFile, content: recoverySettings(),
                purpose:
                    "The configuration of the recovery alone: it lies outside the data directory and goes "
                    + "with the operation."),
            RecoveryFile(
                path: paths.accessFile, content: access.renderAccess(),
                purpose: "Nobody but the tool itself gets in, and only through its private socket."),
            RecoveryFile(
                path: paths.identFile, content: access.renderIdent(), purpose: "Who the tool itself is."),
            RecoveryFile(
                path: job.dataDirectory + "/recovery.signal", content: "",
                purpose: "An empty file; that it is there makes PostgreSQL recover from an archive up to a "
                    + "target, and not just from a crash."),
        ]
    }
}
