import Synchronization

/// What files said, kept by the version that was read and not by the path: for thousands of small files that
/// somebody looks at in one go. Otherwise as `FileMemory`.
public final class VersionMemory<Value: Sendable>: Sendable {
    private let kept: Mutex<LimitedMemory<FileVersion, Value>>
    private let tick: Int

    /// - Parameters:
    ///   - limit: how much is kept at most, in what `weight` of `value` counts.
    ///   - tick: see `FileMemory`.
    public init(limit: Int, tick: Int = 2) {
        kept = Mutex(LimitedMemory(limit: limit))
        self.tick = tick
    }

    /// What files of these versions said; nil for each of which that is not known.
    public func known(_ versions: [FileVersion?]) -> [Value?] {
        kept.withLock { kept in versions.map { $0.flatMap { kept.find($0) } } }
    }

    /// What the file at a path says; nil where there is none.
    ///
    /// - Parameters:
    ///   - seen: the file as it was seen a moment ago, by whoever looks at many; nil to look now.
    ///   - memory: nil where every file is read.
    ///   - weight: how much of the limit a value takes; nil for what is not to be kept.
    ///   - read: what throws is not kept.
    public static func value(
        of path: String, seen: FileVersion? = nil, keptIn memory: VersionMemory?, weight: (Value) -> Int?,
        _ read: (OpenFile) throws(Problem) -> Value
    ) throws(Problem) -> Value? {
        if let memory, let version = seen ?? FileVersion(path: path),
            let known = memory.known([version]).first ?? nil
        {
            return known
        }
        guard let (value, settled) = try SettledReading.of(path, tick: memory?.tick, read) else { return nil }
        if let memory, let settled, let weight = weight(value) {
            memory.kept.withLock { $0.put(settled, value, weight: weight) }
        }
        return value
    }
}

/// How a file is read by whoever keeps what it says.
enum SettledReading {
    /// - Parameter tick: see `FileMemory`; nil where nothing is kept.
    /// - Returns: what the file says, and the version that this counts for: nil of one that was changed a
    ///   moment ago. Nil where there is no file.
    static func of<Value>(
        _ path: String, tick: Int?, _ read: (OpenFile) throws(Problem) -> Value
    ) throws(Problem) -> (value: Value, settled: FileVersion?)? {
        guard let file = try OpenFile(readingIfPresent: path) else { return nil }
        guard let tick else { return (try read(file), nil) }
        // Before its content: what is written meanwhile gives another version.
        let version = try FileVersion(file)
        let isSettled = version.isSettled(tick: tick)
        return (try read(file), isSettled ? version : nil)
    }
}
