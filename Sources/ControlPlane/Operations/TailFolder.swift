import ServiceModel

/// The folder for WAL that was read from a source: it lives as long as the process that plans or restores.
///
/// It is made before there is an operation, so its name tells whose it is: `tail.<pid>.<start>.<id>`.
enum TailFolder {
    static func name(of process: ProcessIdentity) -> String {
        "tail.\(process.pid).\(process.start).\(Identifiers.fresh())"
    }

    /// The process that made a folder of that name; nil when it is no such folder.
    static func owner(of name: String) -> ProcessIdentity? {
        let parts = name.split(separator: ".")
        guard parts.count == 4, parts[0] == "tail", let pid = Int32(parts[1]) else { return nil }
        return ProcessIdentity(pid: pid, start: String(parts[2]))
    }
}
