import Synchronization

/// What files said, kept by the version that was read and not by the path: for thousands of small files that
/// somebody looks at in one go. Otherwise as `FileMemory`.
public final class VersionMemory<Value: Sendable>: Sendable {
    private struct Entry: WeighedEntry {
        var value: Value
        var weight: Int
    }

    private let halves = Mutex(MemoryHalves<FileVersion, Entry>())
    private let limit: Int
    private let tick: Int

    /// - Parameters:
    ///   - limit: how much is kept at most, in what `weight` of `value` counts.
    ///   - tick: see `FileMemory`.
    public init(limit: Int, tick: Int = 2) {
        self.limit = limit / 2
        self.tick = tick
    }

    /// What files of these versions said; nil for each of which that is not known.
    public func known(_ versions: [FileVersion?]) -> [Value?] {
        halves.withLock { halves in
            versions.map { version in
                guard let version else { return nil }
                if let entry = halves.newer[version] { return entry.value }
                guard let entry = halves.take(version) else { return nil }
                halves.put(version, entry, limit: limit)
                return entry.value
            }
        }
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
        guard let file = try OpenFile(readingIfPresent: path) else { return nil }
        guard let memory else { return try read(file) }
        // Before its content: what is written meanwhile gives another version.
        let version = try FileVersion(file)
        let isSettled = version.isSettled(tick: memory.tick)
        let value = try read(file)
        if isSettled, let weight = weight(value) {
            memory.halves.withLock {
                $0.put(version, Entry(value: value, weight: weight), limit: memory.limit)
            }
        }
        return value
    }
}
