#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// PostgreSQL's programs on this machine, of one major version.
public struct PostgresInstallation: Sendable, Hashable {
    public let binDirectory: String
    public let major: Int
    /// As PostgreSQL says it, for example `15.18`.
    public let minorVersion: String

    public init(binDirectory: String, major: Int, minorVersion: String) {
        self.binDirectory = binDirectory
        self.major = major
        self.minorVersion = minorVersion
    }

    /// The full path of one of PostgreSQL's programs.
    public func tool(_ name: String) -> String { binDirectory + "/" + name }

    /// Finds the major version where Debian puts it, where `pg_config` says, or in `PATH`.
    ///
    /// Throws `.postgresMissing` with what was found instead.
    public static func discover(
        major: Int = 15, runner: any CommandRunner = SystemCommands()
    ) throws(Problem) -> PostgresInstallation {
        let usual = "/usr/lib/postgresql/\(major)/bin"
        var others: [String] = []
        // pg_config is a program of its own: it is only asked where Debian's place does not do.
        for places in [{ [usual] }, { otherPlaces(runner).filter { $0 != usual } }] {
            for directory in places() {
                guard let version = version(in: directory, runner) else { continue }
                if version.major == major {
                    return PostgresInstallation(
                        binDirectory: directory, major: major, minorVersion: version.text)
                }
                others.append("\(version.text) in \(directory)")
            }
        }
        throw Problem(
            .postgresMissing, "PostgreSQL \(major) is not installed",
            detail: others.isEmpty
                ? "no PostgreSQL server was found" : "found " + others.joined(separator: ", "),
            hint: "Install it: apt-get install postgresql-\(major)")
    }

    /// What the server's program in a directory says of itself; nil where there is none.
    private static func version(
        in directory: String, _ runner: any CommandRunner
    ) -> (major: Int, text: String)? {
        guard access(directory + "/postgres", X_OK) == 0, access(directory + "/initdb", X_OK) == 0,
            let answer = try? runner.run(Command(directory + "/postgres", ["--version"], timeoutSeconds: 10))
        else { return nil }
        return version(in: answer.standardOutput)
    }

    /// Where else it may be: the directory that `pg_config` names, and those of `PATH`.
    private static func otherPlaces(_ runner: any CommandRunner) -> [String] {
        var directories: [String] = []
        if let answer = try? runner.run(Command("pg_config", ["--bindir"], timeoutSeconds: 10)),
            answer.succeeded
        {
            directories += answer.standardOutput.split(separator: "\n").prefix(1).map(String.init)
        }
        if let path = getenv("PATH") {
            directories += String(cString: path).split(separator: ":").map(String.init)
        }
        var seen: Set<String> = []
        return directories.filter { $0.hasPrefix("/") && seen.insert($0).inserted }
    }

    /// Reads `postgres (PostgreSQL) 15.18 (Debian …)`.
    static func version(in text: String) -> (major: Int, text: String)? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count >= 3, words[1] == "(PostgreSQL)" else { return nil }
        let digits = words[2].prefix { $0.isNumber }
        guard let major = Int(digits) else { return nil }
        return (major, String(words[2]))
    }
}
