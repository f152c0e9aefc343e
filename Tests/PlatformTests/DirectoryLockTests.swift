import Glibc
import Platform
import TestKit
import Testing

@Suite struct DirectoryLockTests {
    @Test func `an exclusive lock keeps others out until it goes`() throws {
        let scratch = try ScratchDirectory("lock")
        let path = scratch.file("l")
        var held = try DirectoryLock.attempt(path)
        #expect(held != nil)
        #expect(try DirectoryLock.attempt(path) == nil)
        #expect(try DirectoryLock.attempt(path, .shared) == nil)
        held = nil
        #expect(try DirectoryLock.attempt(path) != nil)
    }

    @Test func `a lock goes when it is released, whoever still has its descriptor`() throws {
        let scratch = try ScratchDirectory("lock")
        let path = scratch.file("l")
        let held = try #require(try DirectoryLock.attempt(path))
        // As a process has it that another thread is just starting.
        let open = try DurableFiles.list("/proc/self/fd").compactMap { Int32($0) }.first {
            (try? LinkTarget.of("/proc/self/fd/\($0)")) == path
        }
        let other = dup(try #require(open))
        defer { close(other) }
        held.release()
        #expect(other >= 0)
        #expect(try DirectoryLock.attempt(path) != nil)
    }

    @Test func `shared locks go together`() throws {
        let scratch = try ScratchDirectory("lock")
        let path = scratch.file("l")
        let one = try DirectoryLock.attempt(path, .shared)
        let two = try DirectoryLock.attempt(path, .shared)
        #expect(one != nil && two != nil)
        #expect(try DirectoryLock.attempt(path) == nil)
    }

    @Test func `whoever looks whether a lock is held is not taken for its holder`() throws {
        let scratch = try ScratchDirectory("lock")
        let path = scratch.file("l")
        #expect(try !DirectoryLock.isHeld(path))
        #expect(DurableFiles.status(path) == nil)
        do {
            // As another one has it who is looking at the same moment.
            let other = try DirectoryLock.attempt(path, .shared)
            #expect(try !DirectoryLock.isHeld(path))
            withExtendedLifetime(other) {}
        }
        let holder = try DirectoryLock.attempt(path)
        #expect(try DirectoryLock.isHeld(path))
        withExtendedLifetime(holder) {}
    }

    @Test func `waiting ends with the time, or with a cancellation`() throws {
        let scratch = try ScratchDirectory("lock")
        let path = scratch.file("l")
        let held = try DirectoryLock.attempt(path)
        #expect(try DirectoryLock.wait(path, atMost: 0.02, cancellation: CancellationFlag()) == nil)
        let cancelled = CancellationFlag()
        cancelled.cancel()
        let problem = #expect(throws: Problem.self) {
            try DirectoryLock.wait(path, atMost: 60, cancellation: cancelled)
        }
        #expect(problem?.code == .canceled)
        withExtendedLifetime(held) {}
    }
}
