/// A server's log files: the one of its start and the rotated ones.
public struct ServerLog: Sendable {
    let paths: InstancePaths

    public init(paths: InstancePaths) {
        self.paths = paths
    }

    /// How long each file is now, so that later only what was added is looked at.
    struct Mark: Sendable {
        fileprivate let sizes: [String: Int64]
    }

    func mark() -> Mark {
        Mark(sizes: Dictionary(uniqueKeysWithValues: files().map { ($0, TextFile.size($0)) }))
    }

    /// The log files from the oldest day to the newest; the start's own comes first.
    func files() -> [String] {
        let names = TextFile.names(in: paths.log).filter { $0.hasSuffix(".log") && $0 != "startup.log" }
        return [paths.startupLog] + names.sorted().map { paths.log + "/" + $0 }
    }

    /// Everything that was written since, start first; at most the last 256 KiB of each file.
    func lines(since mark: Mark) -> [String] {
        files().flatMap { file in
            let size = TextFile.size(file)
            let known = mark.sizes[file] ?? 0
            let start = max(known <= size ? known : 0, size - 256 << 10)
            return Self.lines(TextFile.read(file, from: start) ?? "")
        }
    }

    /// The last lines of the newest file that has any.
    func lastLines(_ count: Int) -> [String] {
        for file in files().reversed() {
            let start = max(0, TextFile.size(file) - 256 << 10)
            let lines = Self.lines(TextFile.read(file, from: start) ?? "")
            if !lines.isEmpty { return Array(lines.suffix(count)) }
        }
        return []
    }

    /// Those lines that say why a server did not start, or the last ones when none does.
    static func relevant(_ lines: [String], count: Int = 12) -> [String] {
        let words = [
            "FATAL:", "PANIC:", "ERROR:", "DETAIL:", "HINT:", "could not", "WARNING:", "invalid value",
            "unrecognized configuration", "syntax error",
        ]
        let telling = lines.filter { line in
            words.contains { line.contains($0) } && !line.contains("Future log output will appear")
        }
        return Array((telling.isEmpty ? lines : telling).suffix(count))
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }
}
