extension PostgresInstance {
    /// What the server's log says of its archiving, most lately: the shell's words and PostgreSQL's own.
    ///
    /// - Parameter start: `2026-11-29 07:13:00` in UTC; what is older is passed over.
    public func archivingWords(since start: String) -> String? {
        Self.archivingWords(in: ServerLog(paths: paths).lastLines(2000), since: start)
    }

    static func archivingWords(in lines: [String], since start: String) -> String? {
        var found: [String] = []
        for line in lines.reversed() {
            // Lines of the server begin with their time; those of the shell and the helper have none.
            let isTimed = line.first?.isNumber == true && line.contains(" UTC [")
            if isTimed, line.prefix(start.count) < start { break }
            guard line.contains("archive command") || line.contains("pitr-wal"),
                !line.contains("The failed archive command was")
            else { continue }
            let words = isTimed ? message(of: line) : line
            if !found.contains(words) { found.append(words) }
            if found.count == 2 { break }
        }
        return found.isEmpty ? nil : found.reversed().joined(separator: "; ")
    }

    /// What stands behind `LOG:` or `FATAL:`.
    private static func message(of line: String) -> String {
        guard let level = line.firstRange(of: ":  ") else { return line }
        return String(line[level.upperBound...])
    }
}
