#if canImport(Glibc)
    import Glibc
#endif
public import Platform

/// The clock that a file system gives files their times by, which stands still for some milliseconds.
public enum FileClock {
    /// Waits until what is changed gets another time than what was changed before.
    public static func awaitTick(in scratch: ScratchDirectory) throws(Problem) {
        let path = scratch.file("tick")
        try DurableFiles.write([0], to: path, durable: false)
        let before = changed(path)
        let watch = Stopwatch()
        repeat {
            guard watch.seconds < 60 else { throw Problem(.system, "the file system's clock stands still") }
            try OpenFile(updating: path).write([0], at: 0)
        } while changed(path) == before
        _ = try DurableFiles.removeFile(path)
    }

    private static func changed(_ path: String) -> [Int] {
        var found = stat()
        return stat(path, &found) == 0 ? [found.st_ctim.tv_sec, found.st_ctim.tv_nsec] : []
    }
}
