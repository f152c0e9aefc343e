public import Platform
public import PostgresFormat

/// The file that keeps how far a source's WAL went when it was last seen.
public struct KnownEndFile: Hashable, Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// Nil where nothing is known, or of another timeline: a server that was promoted has another end. What
    /// cannot be read proves nothing, and an end that nothing proves is said to be so.
    func end(on timeline: TimelineID) -> KnownEnd? {
        guard let bytes = try? DurableFiles.readIfPresent(path),
            let known = try? KnownEnd(parsing: bytes, path: path), known.timeline == timeline
        else { return nil }
        return known
    }

    /// Keeps how far a running server has flushed. One that cannot be written costs a proof and no restore.
    func note(_ flushed: LSN, on timeline: TimelineID) {
        // What a running server says is the truth, also where it is less than it said before a crash.
        guard end(on: timeline)?.flushed != flushed else { return }
        var next = KnownEnd(timeline: timeline)
        next.flushed = flushed
        try? write(next)
    }

    /// Keeps what the files of a stopped server say of its WAL's end, which go with the server.
    public func note(_ bounds: [WALTailBound], on timeline: TimelineID) throws(Problem) {
        var next = end(on: timeline) ?? KnownEnd(timeline: timeline)
        for bound in bounds {
            switch bound {
            case .shutdownCheckpoint(let lsn): (next.checkpoint, next.isClean) = (lsn, true)
            case .checkpoint(let lsn): (next.checkpoint, next.isClean) = (lsn, false)
            case .minimumRecovery(let lsn), .finishedSegment(let lsn), .backup(let lsn), .flushed(let lsn),
                .seen(let lsn):
                next.flushed = max(next.flushed ?? .zero, lsn)
            case .record: break
            }
        }
        try write(next)
    }

    private func write(_ end: KnownEnd) throws(Problem) {
        if let slash = path.lastIndex(of: "/") { try DurableFiles.makeDirectories(String(path[..<slash])) }
        try DurableFiles.write(end.encoded, to: path)
    }

    public func forget() throws(Problem) {
        _ = try DurableFiles.removeFile(path)
    }
}
