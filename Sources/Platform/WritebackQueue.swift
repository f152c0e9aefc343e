#if canImport(Glibc)
    import Glibc
#endif

/// Starts writing files to the disk on a thread of its own, which alone waits when the disk is busy.
///
/// So a disk works while its files are still being made, and while whatever comes next runs; one flush of the
/// file system must still follow. When the queue goes its thread works off the rest and ends.
public final class WritebackQueue: Sendable {
    private let tasks = Monitor(Tasks())

    public init() {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(tasks))
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        if failure == 0 {
            pthread_detach(thread)
        } else {
            // Only a head start is lost.
            start.release()
            tasks.change { $0.isClosed = true }
        }
    }

    deinit {
        tasks.change { $0.isClosed = true }
    }

    /// The range will change no more. `length` 0 is: to the end. The file stays open until it was looked at.
    public func add(_ file: OpenFile, at offset: UInt64 = 0, length: UInt64 = 0) {
        tasks.change { tasks in
            if !tasks.isClosed { tasks.waiting.append(Task(file: file, offset: offset, length: length)) }
        }
    }

    /// Forgets what waits: those files are about to be removed.
    public func discard() {
        tasks.change { tasks in
            tasks.waiting = []
            tasks.isClosed = true
        }
    }

    private struct Task: Sendable {
        let file: OpenFile
        let offset: UInt64
        let length: UInt64
    }

    private struct Tasks: Sendable {
        var waiting: [Task] = []
        var isClosed = false
    }

    private final class Start: Sendable {
        let tasks: Monitor<Tasks>

        init(_ tasks: Monitor<Tasks>) {
            self.tasks = tasks
        }

        func run() {
            while true {
                let next = tasks.wait { tasks -> [Task]? in
                    if tasks.waiting.isEmpty, !tasks.isClosed { return nil }
                    defer { tasks.waiting = [] }
                    return tasks.waiting
                }
                if next.isEmpty { return }
                for task in next {
                    task.file.startWriteback(at: task.offset, length: task.length)
                }
            }
        }
    }
}
