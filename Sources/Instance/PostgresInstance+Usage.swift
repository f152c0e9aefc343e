extension PostgresInstance {
    /// When the running server's first process began, in seconds since 1970-01-01 UTC; nil when none runs.
    public func runningSince() -> Int64? {
        guard let postmaster = Postmaster.read(data: paths.data), postmaster.isAlive(in: paths.data) else {
            return nil
        }
        return postmaster.startTime
    }

    /// Bytes of memory that the server's processes hold; nil when none runs.
    ///
    /// What they share (PostgreSQL's shared memory, the program itself) counts once, as far as the process
    /// that has touched most of it has.
    public func memoryBytes() -> UInt64? {
        let processes = Postmaster.processes(in: paths.data)
        guard !processes.isEmpty else { return nil }
        var (own, shared, program): (UInt64, UInt64, UInt64) = (0, 0, 0)
        for process in processes {
            guard let text = TextFile.read("/proc/\(process)/status") else { continue }
            own += Self.kibibytes("RssAnon:", in: text)
            shared = max(shared, Self.kibibytes("RssShmem:", in: text))
            program = max(program, Self.kibibytes("RssFile:", in: text))
        }
        return (own + shared + program) * 1024
    }

    private static func kibibytes(_ name: String, in text: String) -> UInt64 {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        let words = line?.split { $0 == " " || $0 == "\t" } ?? []
        return words.count > 1 ? UInt64(words[1]) ?? 0 : 0
    }
}
