#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// What outlives a tool that was killed while it made a cluster.
extension PostgresInstance {
    /// Ends an `initdb` that still works on the data directory, and the server's processes that it started,
    /// and waits for them; false when something is still there afterwards.
    ///
    /// Only for a cluster that was never finished: its processes are not asked.
    public func endInitialization(seconds: Double = 10) -> Bool {
        let makers = Self.initializers(of: paths.data)
        makers.forEach { kill($0, SIGKILL) }
        // What feeds on the maker's pipe ends by itself, in its own time.
        if !makers.isEmpty { Postmaster.processes(in: paths.data).forEach { kill($0, SIGKILL) } }
        let clock = Stopwatch()
        while clock.seconds < seconds {
            if Self.initializers(of: paths.data).isEmpty, !hasProcesses() { return true }
            usleep(2000)
        }
        return false
    }

    /// Told by their command line: `initdb` works in no directory of its own.
    private static func initializers(of data: String) -> [Int32] {
        TextFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            guard TextFile.read("/proc/\(pid)/comm", limit: 256) == "initdb\n",
                let line = TextFile.read("/proc/\(pid)/cmdline", limit: 65536)
            else { return false }
            let words = line.split(separator: "\0")
            return zip(words, words.dropFirst()).contains { $0 == "-D" && $1 == data }
        }
    }
}
