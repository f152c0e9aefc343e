/// Where the tool keeps its state: which folder, and which paths cannot be one.
public enum StateHome {
    /// `PITR_HOME` where set, else `/var/lib/pitr` for root, else `pitr` in the user's XDG state directory.
    ///
    /// Throws `.usage` when neither variable nor home directory says where.
    public static func standard(environment: [String: String], isRoot: Bool) throws(Problem) -> String {
        func variable(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let home = variable("PITR_HOME") { return try validated(home) }
        if isRoot { return "/var/lib/pitr" }
        // A relative XDG path is to be ignored, says the specification.
        if let state = variable("XDG_STATE_HOME"), state.hasPrefix("/") {
            return try validated(state + "/pitr")
        }
        if let home = variable("HOME") { return try validated(home + "/.local/state/pitr") }
        throw Problem(
            .usage, "no folder to keep the state in", detail: "neither PITR_HOME nor HOME is set",
            hint: "Set PITR_HOME to an absolute path.")
    }

    /// The path without doubled or trailing slashes and `.` parts.
    ///
    /// The path becomes part of `archive_command`, which a shell reads after PostgreSQL has replaced its
    /// percent escapes: quotes, percent signs, backslashes and control characters are refused with `.usage`,
    /// and so are relative paths and `..`.
    public static func validated(_ path: String) throws(Problem) -> String {
        guard path.hasPrefix("/") else {
            throw Problem(
                .usage, "the state folder must be an absolute path", detail: "PITR_HOME is '\(path)'",
                hint: "Set PITR_HOME to a path that begins with a slash.")
        }
        let refused = path.unicodeScalars.contains { scalar in
            scalar.value < 32 || scalar.value == 127 || "'\"%\\".unicodeScalars.contains(scalar)
        }
        guard !refused else {
            throw Problem(
                .usage, "the state folder's path has a character that PostgreSQL's commands cannot carry",
                detail: path.debugDescription,
                hint: "Choose a path without quotes, percent signs, backslashes and control characters.")
        }
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.contains(".."), !parts.isEmpty else {
            throw Problem(
                .usage, "the state folder must be a plain path below the root directory", detail: path,
                hint: "Choose a path without '..'.")
        }
        return "/" + parts.joined(separator: "/")
    }
}
