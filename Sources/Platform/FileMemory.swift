import Synchronization

/// What files said, kept by a process that reads the same ones again and again.
///
/// Each file is looked at every time: what is kept counts for the very version that was read, so that a file
/// which was removed, replaced or changed by whomever is never answered from memory. One that was changed a
/// moment ago is not kept at all. Safe to use from several threads at once.
///
/// What is made of whole folders is for showing alone: a file that came, went, or was renamed into another's
/// place is never missed there either, as that changes the folder, but what was written *into* one is told as
/// it was for `patience` at the most. It is made by one thread at a time: whoever asks meanwhile waits for
/// that, and looks at what came of it as at anything that is kept.
public final class FileMemory<Value: Sendable>: Sendable {
    private struct Entry {
        /// Of every file that the value was made from; nil of one that was not there.
        var versions: [FileVersion?]
        var value: Value
        /// Runs since before the files were looked at.
        var looked = Stopwatch()
    }

    /// Making what is kept by one name, and how many do so or wait for it.
    private final class Making: Sendable {
        let turn = Mutex(())
    }

    private let kept: Mutex<LimitedMemory<String, Entry>>
    private let makings = Mutex<[String: (making: Making, users: Int)]>([:])
    private let tick: Int
    private let patience: Double

    /// - Parameters:
    ///   - limit: how much is kept at most, in what `weight` of `value` counts.
    ///   - tick: how long ago a file has to have been changed, in seconds: no file system's clock stands
    ///     still for longer.
    ///   - patience: for how many seconds the files in a folder are not looked at again while the folder
    ///     itself is as it was.
    public init(limit: Int, tick: Int = 2, patience: Double = 5) {
        kept = Mutex(LimitedMemory(limit: limit))
        self.tick = tick
        self.patience = patience
    }

    /// What the file at a path says; nil where there is none.
    ///
    /// - Parameters:
    ///   - memory: nil where every file is read.
    ///   - weight: how much of the limit a value takes, told the size of its file in bytes; nil for what is
    ///     not to be kept.
    ///   - read: what throws is not kept.
    public static func value(
        of path: String, keptIn memory: FileMemory?, weight: (Value, Int) -> Int? = { $1 },
        _ read: (OpenFile) throws(Problem) -> Value
    ) throws(Problem) -> Value? {
        if let memory, let version = FileVersion(path: path), let known = memory.known(path, [version]) {
            return known
        }
        guard let (value, settled) = try SettledReading.of(path, tick: memory?.tick, read) else { return nil }
        if let memory, let settled, let weight = weight(value, Int(settled.size)) {
            memory.keep(path, Entry(versions: [settled], value: value), weight: weight)
        }
        return value
    }

    /// What is made of several files and directories, none of which has to be there.
    ///
    /// - Parameters:
    ///   - name: tells what is made of them.
    ///   - make: nil is not kept.
    public static func value<Failure: Error>(
        _ name: String, of paths: [String], keptIn memory: FileMemory?, weight: (Value) -> Int = { _ in 1 },
        _ make: () throws(Failure) -> Value?
    ) throws(Failure) -> Value? {
        guard let memory else { return try make() }
        let versions = paths.map { FileVersion(path: $0) }
        if let known = memory.known(name, versions) { return known }
        let areSettled = versions.allSatisfy { $0?.isSettled(tick: memory.tick) ?? true }
        guard let value = try make() else { return nil }
        if areSettled { memory.keep(name, Entry(versions: versions, value: value), weight: weight(value)) }
        return value
    }

    /// What is made of folders and of the files in them, for whoever only shows it.
    ///
    /// - Parameters:
    ///   - name: tells what is made of them.
    ///   - folders: those that a value was made from; without one, those that are known beforehand.
    ///   - make: looks at every file. Given what was made the last time, whose parts count for the versions
    ///     that it was made from, and how a version tells that it is settled.
    public static func value<Failure: Error>(
        _ name: String, inFolders folders: (Value?) -> [String], keptIn memory: FileMemory,
        weight: (Value) -> Int, _ make: (_ last: Value?, _ tick: Int) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let asked = Stopwatch()
        if let known = memory.look(name, folders).known { return known }
        return try memory.alone(name) { () throws(Failure) in
            // What somebody else has begun to look at since then is as good as an own look.
            let since = asked.seconds
            if let made = memory.entry(name), made.looked.seconds <= since { return made.value }
            let (known, last, paths, versions, looked) = memory.look(name, folders)
            if let known { return known }
            let value = try make(last, memory.tick)
            // Of a folder that was met only now no version is known from before.
            let isOfThese = folders(value) == paths
            memory.keep(
                name, Entry(versions: isOfThese ? versions : [], value: value, looked: looked),
                weight: weight(value))
            return value
        }
    }

    /// What is known and still counts, what was made the last time, and the folders as they are now.
    private func look(_ name: String, _ folders: (Value?) -> [String]) -> (
        known: Value?, last: Value?, paths: [String], versions: [FileVersion?], looked: Stopwatch
    ) {
        let last = entry(name)
        let paths = folders(last?.value)
        let looked = Stopwatch()
        // Before what is in them: what comes meanwhile gives other versions.
        let versions = paths.map { FileVersion(path: $0) }
        let counts =
            last.map { $0.versions == versions && $0.looked.seconds < patience } ?? false
            && versions.allSatisfy { $0?.isSettled(tick: tick) ?? true }
        return (counts ? last?.value : nil, last?.value, paths, versions, looked)
    }

    /// One after the other of those who ask for the same name; others are not held up.
    private func alone<Answer, Failure: Error>(
        _ name: String, _ body: () throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        let making = makings.withLock { makings in
            let making = makings[name]?.making ?? Making()
            makings[name] = (making, (makings[name]?.users ?? 0) + 1)
            return making
        }
        defer {
            makings.withLock { makings in
                let users = (makings[name]?.users ?? 1) - 1
                makings[name] = users > 0 ? (making, users) : nil
            }
        }
        return try making.turn.withLock { (_) throws(Failure) in try body() }
    }

    private func keep(_ name: String, _ entry: Entry, weight: Int) {
        kept.withLock { $0.put(name, entry, weight: weight) }
    }

    private func known(_ name: String, _ versions: [FileVersion?]) -> Value? {
        entry(name).flatMap { $0.versions == versions ? $0.value : nil }
    }

    private func entry(_ name: String) -> Entry? {
        kept.withLock { $0.find(name) }
    }
}
