import Foundation

/// Something that is not written here, and what is written instead.
struct Ban: Sendable, CustomStringConvertible {
    let name: String
    /// A regular expression over the code of a line.
    let pattern: String
    let replacement: String
    /// Whether a file at that path is bound by it.
    let applies: @Sendable (_ path: String) -> Bool
    /// What the ban has to find, and where.
    let example: (path: String, line: String)
    /// Whether it is about what stands between quotes, and so looks at whole lines.
    var isOfTexts = false

    var description: String { name }

    /// `path:line: what and instead of it`, for every place in the file.
    func violations(in file: SourceText) -> [String] {
        // Most files have no such place: that is one search, and not one for every line.
        let whole = isOfTexts ? file.wholeText : file.wholeCode
        guard applies(file.path), whole.range(of: "(?m)" + pattern, options: .regularExpression) != nil else {
            return []
        }
        return (isOfTexts ? file.lines : file.code).enumerated().compactMap { index, line in
            guard !isOfTexts || file.hasText[index],
                line.range(of: pattern, options: .regularExpression) != nil
            else { return nil }
            return "\(file.path):\(index + 1): \(name) — \(replacement)"
        }
    }

    private static let everywhere: @Sendable (String) -> Bool = { _ in true }
    private static let groundFolders = [
        "Sources/Notation/", "Sources/PostgresFormat/", "Sources/Platform/", "Sources/Planning/",
        "Sources/Repository/",
        "Sources/WALEvents/", "Sources/pitr-wal/",
    ]

    static let all: [Ban] = [
        Ban(
            name: "try!", pattern: #"\btry!"#, replacement: "throw on, or handle the error",
            applies: everywhere, example: ("Sources/Platform/X.swift", "let a = try! load()")),
        Ban(
            name: "Task.detached", pattern: #"\bTask\s*(\.detached|\s*\{)"#,
            replacement: "this code is synchronous; use Workers where parallelism pays",
            applies: everywhere, example: ("Sources/Capture/X.swift", "Task.detached { run() }")),
        Ban(
            name: "@unchecked Sendable", pattern: #"@unchecked\s+Sendable"#,
            replacement: "hold the state in a Mutex or an Atomic of Synchronization",
            applies: everywhere, example: ("Sources/Restore/X.swift", "final class A: @unchecked Sendable {}")
        ),
        Ban(
            name: "print", pattern: #"(^|[^.\w])(?<!func )print\("#,
            replacement: "only the command line prints; give the text back to the caller",
            applies: { !$0.hasPrefix("Sources/pitr/") },
            example: ("Sources/ControlPlane/X.swift", "    print(server)")),
        Ban(
            name: "a sleep in a test", pattern: #"\b(u|nano)?sleep\(|\bPause\b|\bTask\.sleep"#,
            replacement: "wait for the event itself, with a limit, or use a clock made for tests",
            applies: { $0.hasPrefix("Tests/") }, example: ("Tests/RestoreTests/X.swift", "    usleep(1000)")),
        Ban(
            name: "an operation's row outside its store",
            pattern: #"\bOperationRow\.(filter|all|fetch\w+)\b|(UPDATE|FROM) operation\b"#,
            replacement: "OperationStore is the one place that reads and writes operations",
            applies: { $0.hasPrefix("Sources/") && !$0.hasSuffix("/OperationStore.swift") },
            example: ("Sources/ControlPlane/X.swift", "    try OperationRow.fetchOne(database, key: id)")),
        Ban(
            name: "a compressor beside the codec", pattern: #"\bCompressor\("#,
            replacement: "FrameEncoder is the one place that makes what is stored",
            applies: { $0.hasPrefix("Sources/") && $0 != "Sources/Repository/FrameCodec.swift" },
            example: ("Sources/Capture/X.swift", "let compressor = try Compressor(level: 1)")),
        Ban(
            name: "a codec beside the layout", pattern: #"\bFrame(En|De)coder\("#,
            replacement: "RepositoryLayout hands out encoder(), decoder() and reader(_:from:)",
            applies: { $0.hasPrefix("Sources/") && $0 != "Sources/Repository/FrameCodec.swift" },
            example: ("Sources/Capture/X.swift", "let encoder = try FrameEncoder()")),
        Ban(
            name: "a repository's folder listed from outside",
            pattern: #"\blist(IfPresent)?\((paths\.(repositor|paired)|layout\b|mirror\b)"#,
            replacement: "RepositoryFolder, BackupRepository and WALArchive say what is in a repository",
            applies: { $0.hasPrefix("Sources/") && !$0.hasPrefix("Sources/Repository/") },
            example: ("Sources/ControlPlane/X.swift", "try DurableFiles.list(layout(row).backups)")),
        Ban(
            name: "a file replaced in another way", pattern: #"(^|[^.\w])(Glibc\.)?(rename|fsync)\("#,
            replacement: "DurableFiles.write says what is on the disk; design/crashes.md has the others",
            applies: { path in
                path.hasPrefix("Sources/")
                    && !["DurableFiles", "OpenFile", "TextFile", "ProgressFile", "LocalCertificateAuthority"]
                        .contains { path.hasSuffix("/\($0).swift") }
                    && path != "Sources/Instance/PostgresInstance.swift"
            },
            example: ("Sources/ControlPlane/X.swift", "        guard rename(draft, path) == 0 else {")),
        Ban(
            name: "a version of PostgreSQL compared",
            pattern: #"\b([mM]ajor|[vV]ersion|serverVersion)\b\)?\s*([<>]=?|[=!]=)\s*(\.v)?1\d(0_?000)?\b"#,
            replacement: "WALVersion says in what versions differ, in switches that a new one has to pass",
            applies: {
                $0.hasPrefix("Sources/") && !$0.hasPrefix("Sources/TestKit/")
                    && $0 != "Sources/PostgresFormat/WAL/WALVersion.swift"
            },
            example: ("Sources/Capture/X.swift", "        if server.version >= 170_000 {")),
        Ban(
            name: "Date()", pattern: #"\bDate\(\)|\bDate\.now\b"#,
            replacement: "ask a WallClock, so that tests can set the time",
            applies: { !$0.hasPrefix("Sources/Platform/") },
            example: ("Sources/Catalog/X.swift", "let now = Date()")),
        Ban(
            name: "fatalError", pattern: #"\bfatalError\(|\bpreconditionFailure\("#,
            replacement: "throw a Problem: a library does not end the process",
            applies: everywhere, example: ("Sources/Instance/X.swift", "default: fatalError()")),
        Ban(
            name: "exit", pattern: #"(^|[^.\w])_?exit\("#,
            replacement: "only the two programs end a process; throw a Problem",
            applies: { !$0.hasPrefix("Sources/pitr/") && !$0.hasPrefix("Sources/pitr-wal/") },
            example: ("Sources/Restore/X.swift", "    exit(1)")),
        Ban(
            name: "a decision by the words of a sentence",
            pattern: #"\b(outcome|reason|message|detail|hint|title)\??\.(hasPrefix|hasSuffix|contains)\(|"#
                + #"\b(outcome|reason|message|detail|hint)\s*[!=]=\s*""#,
            replacement: "sentences are for people: decide by an enum, a code or SQLSTATE",
            applies: { $0.hasPrefix("Sources/") && !$0.hasPrefix("Sources/TestKit/") },
            example: ("Sources/ControlPlane/X.swift", "if action.outcome.hasPrefix(\"failed\") {")),
        Ban(
            name: "a word that is not PostgreSQL's",
            pattern: #""[^"]*\b([Tt]he|its|of|all|no|archived) log( held)?\b(?! file| of the)[^"]*""#,
            replacement: "say WAL; the server's own log is \"the server's log\"",
            applies: { $0.hasPrefix("Sources/") && !$0.hasPrefix("Sources/TestKit/") },
            example: ("Sources/Planning/X.swift", #""position \(lsn) is after the end of the log""#),
            isOfTexts: true),
        Ban(
            name: "WAL that is held", pattern: #""[^"]*\bWAL( that is| is( not)?)? held\b"#,
            replacement: "say available WAL; held are servers and locks",
            applies: { $0.hasPrefix("Sources/") },
            example: ("Sources/Planning/X.swift", #""the WAL held ends at \(end)""#), isOfTexts: true),
        Ban(
            name: "mending", pattern: #"\b[Mm]end(s|ed|ing)?\b"#,
            replacement: "say repair; replay makes a backup consistent",
            applies: { $0.hasPrefix("Sources/") },
            example: ("Sources/ControlPlane/X.swift", #""a restore mends it""#),
            isOfTexts: true),
        Ban(
            name: "import Foundation at the ground", pattern: #"^\s*(\w+\s+)?import\s+(\w+\s+)?Foundation"#,
            replacement: "use Glibc and Platform: the WAL helper has to start in milliseconds",
            applies: { path in groundFolders.contains { path.hasPrefix($0) } },
            example: ("Sources/Planning/X.swift", "public import Foundation")),
    ]
}
