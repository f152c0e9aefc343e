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

    @Test func `shared locks go together`() throws {
        let scratch = try ScratchDirectory("lock")
        let path = scratch.file("l")
        let one = try DirectoryLock.attempt(path, .shared)
        let two = try DirectoryLock.attempt(path, .shared)
        #expect(one != nil && two != nil)
        #expect(try DirectoryLock.attempt(path) == nil)
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
