#if canImport(Glibc)
    import Glibc
#endif
public import Platform
public import PostgresFormat

/// PostgreSQL's programs on this machine, of one major version.
public struct PostgresInstallation: Sendable, Hashable {
    public let binDirectory: String
    public let version: WALVersion
    /// As PostgreSQL says it, for example `15.18`.
    public let minorVersion: String

    public var major: Int { version.rawValue }

    public init(binDirectory: String, version: WALVersion, minorVersion: String) {
        self.binDirectory = binDirectory
        self.version = version
        self.minorVersion = minorVersion
    }

    /// The full path of one of PostgreSQL's programs.
    public func tool(_ name: String) -> String { binDirectory + "/" + name }

    /// The major versions that a server may have.
    public static let supported = WALVersion.supportedMajors

    /// Where its extensions' control files may be: as Debian has them, and as PostgreSQL installs itself.
    public var extensionPlaces: [String] {
        let above = above
        return [
            above.replacing("/lib/postgresql/", with: "/share/postgresql/") + "/extension",
            above + "/share/postgresql/extension", above + "/share/extension",
        ]
    }

    /// Where its libraries may be.
    public var libraryPlaces: [String] { [above + "/lib/postgresql", above + "/lib"] }

    /// The directory that has its `bin`, also where that is reached by a link.
    private var above: String {
        let place = TextFile.realPath(binDirectory)
        return String(place.dropLast(place.hasSuffix("/bin") ? 4 : 0))
    }

    /// Directories in which to look first, separated by colons: each holds the programs, or has them in
    /// `bin`.
    public static let placesVariable = "PITR_POSTGRES_DIRS"

    /// Finds a major version in the directories of `PITR_POSTGRES_DIRS`, where Debian's and PGDG's packages
    /// put it, where `pg_config` says, or in `PATH`.
    ///
    /// Throws `.postgresMissing` with what was found instead.
    public static func discover(
        major: Int, runner: any CommandRunner = SystemCommands()
    ) throws(Problem) -> PostgresInstallation {
        var others: [String] = []
        if let found = search({ $0 == major }, [major], runner, &others)[major] { return found }
        throw Problem(
            .postgresMissing, "PostgreSQL \(major) is not installed",
            detail: others.isEmpty
                ? "no PostgreSQL server was found" : "found " + others.joined(separator: ", "),
            hint: "Install it: apt-get install postgresql-\(major). One in another directory is found when "
                + "\(placesVariable) names it.")
    }

    /// The installations of all supported versions, the newest first; of each the one of the first place.
    public static func discoverAll(runner: any CommandRunner = SystemCommands()) -> [PostgresInstallation] {
        var others: [String] = []
        let found = search({ _ in false }, Array(supported.reversed()), runner, &others)
        return found.values.sorted { $0.major > $1.major }
    }

    /// The newest that is installed. Throws `.postgresMissing` where there is none.
    public static func newest(
        runner: any CommandRunner = SystemCommands()
    ) throws(Problem) -> PostgresInstallation {
        if let first = discoverAll(runner: runner).first { return first }
        return try discover(major: supported.lowerBound, runner: runner)
    }

    /// Looks from place to place until one will do; what is not wanted is noted in `others`.
    private static func search(
        _ willDo: (Int) -> Bool, _ majors: [Int], _ runner: any CommandRunner, _ others: inout [String]
    ) -> [Int: PostgresInstallation] {
        var found: [Int: PostgresInstallation] = [:]
        var seen: Set<String> = []
        // pg_config is a program of its own: it is only asked where the usual places do not do.
        for places in [givenPlaces, { usualPlaces(majors) }, { otherPlaces(runner) }] {
            for directory in places() where seen.insert(directory).inserted {
                guard let version = version(in: directory, runner) else { continue }
                guard majors.contains(version.major), let known = WALVersion(rawValue: version.major) else {
                    others.append("\(version.text) in \(directory)")
                    continue
                }
                guard found[version.major] == nil else { continue }
                found[version.major] = PostgresInstallation(
                    binDirectory: directory, version: known, minorVersion: version.text)
                if willDo(version.major) { return found }
            }
        }
        return found
    }

    private static func givenPlaces() -> [String] {
        guard let words = getenv(placesVariable) else { return [] }
        return String(cString: words).split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
            .flatMap { [$0, $0 + "/bin"] }
    }

    private static func usualPlaces(_ majors: [Int]) -> [String] {
        majors.flatMap { ["/usr/lib/postgresql/\($0)/bin", "/usr/pgsql-\($0)/bin"] }
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
