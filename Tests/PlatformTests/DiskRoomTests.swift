import Platform
import TestKit
import Testing

@Suite struct DiskRoomTests {
    private static let tooMuch: UInt64 = 1 << 60

    @Test func `what does not fit in beside the reserve is refused, with how much is missing`() throws {
        let scratch = try ScratchDirectory("room")
        try DiskRoom(path: scratch.path, reserve: 0).require(4096, for: "a file")
        let problem = #expect(throws: Problem.self) {
            try DiskRoom(path: scratch.path, reserve: Self.tooMuch).require(4096, for: "a file")
        }
        #expect(problem?.code == .insufficientStorage)
        #expect(problem?.message == "the disk has no room for a file")
        #expect(problem?.detail?.contains("are kept for the servers there") == true)
        #expect(problem?.detail?.hasSuffix("are missing") == true)
        #expect(try DiskRoom(path: scratch.path, reserve: Self.tooMuch).available() == 0)
        #expect(throws: Problem.self) {
            try DiskRoom(path: scratch.path, reserve: .max).require(.max, for: "a file")
        }
    }

    @Test func `a sum that is too large for a number is the largest`() {
        #expect(DiskRoom.sum(1, 2) == 3)
        #expect(DiskRoom.sum(.max, 1) == .max)
        #expect(DiskRoom.sum(.max, .max) == .max)
    }

    @Test func `work that eats into the reserve is stopped, whatever it then fails on`() throws {
        let scratch = try ScratchDirectory("room")
        let room = DiskRoom(path: scratch.path, reserve: Self.tooMuch)
        let stopped = #expect(throws: Problem.self) {
            try RoomWatch.during("the work", in: room, expected: 1, under: CancellationFlag()) { flag in
                ProductUnderTest.eventually(seconds: 20) { flag.isCancelled }
                try flag.check()
            }
        }
        #expect(stopped?.code == .insufficientStorage)
        #expect(stopped?.message == "the work was stopped before the disk was full")
        let failed = #expect(throws: Problem.self) {
            try RoomWatch.during("the work", in: room, expected: 1, under: CancellationFlag()) { _ in
                throw Problem(.recoveryFailed, "PostgreSQL ended")
            }
        }
        #expect(failed?.code == .insufficientStorage)
    }

    @Test func `work that leaves the reserve alone goes on, and is cancelled as before`() throws {
        let scratch = try ScratchDirectory("room")
        let room = DiskRoom(path: scratch.path, reserve: 0)
        let value = try RoomWatch.during("the work", in: room, expected: 1, under: CancellationFlag()) { _ in
            7
        }
        #expect(value == 7)
        let cancelled = CancellationFlag()
        let problem = #expect(throws: Problem.self) {
            try RoomWatch.during("the work", in: room, expected: 1, under: cancelled) { flag in
                cancelled.cancel()
                try flag.check()
            }
        }
        #expect(problem?.code == .canceled)
    }
}
