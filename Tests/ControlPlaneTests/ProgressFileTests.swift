import Catalog
import Notation
import PostgresFormat
import ServiceModel
import Synchronization
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// What a worker says of how far it is, and who reads it.
struct ProgressFileTests {
    private final class Seconds: Sendable {
        private let value = Mutex(100.0)
        var now: Double { value.withLock { $0 } }
        func pass(_ seconds: Double) { value.withLock { $0 += seconds } }
    }

    @Test(.timeLimit(.minutes(5)))
    func `is written four times a second at most, and gone with its operation`()
        throws
    {
        let scratch = try ScratchDirectory("progress")
        let account = ServiceAccount(
            name: "postgres", uid: 0, home: scratch.path, runtimeDirectory: scratch.file("run"),
            steppedDown: false)
        let control = try ControlPlane(account: account)
        let id = try control.enter(
            Entry(
                kind: .deleteGroup, serverID: "", group: "local", resourceID: "/x", location: "local",
                request: .deleteGroup("none")), Caller(name: "ada")
        ).id
        let taken = try #require(try control.operations.operation(id)?.take(by: .current))
        try control.operations.write(taken)
        func seen() throws -> OperationProgress? { try control.operationStatus(id)?.progress }
        #expect(try seen() == nil)

        let time = Seconds()
        let file = ProgressFile(
            operation: control.paths.operation(id), inner: SilentProgress(), clock: SystemWallClock(),
            seconds: { time.now })
        file.begin("base backup", totalBytes: 1000)
        #expect(try seen()?.step == "base backup" && seen()?.totalBytes == 1000)
        for _ in 0..<100 { file.advance(bytes: 5) }
        #expect(try seen()?.bytes == 0, "a moment ago it was written")
        time.pass(0.25)
        file.note("replaying")
        let later = try #require(try seen())
        #expect(later.bytes == 500 && later.remark == "replaying" && later.bytesPerSecond == 2000)
        file.begin("sync", totalBytes: nil)
        #expect(try seen()?.step == "sync" && seen()?.bytesPerSecond == nil)

        try DurableFiles.write(Array("{\"step\":".utf8), to: control.paths.operation(id) + "/progress.json")
        #expect(try seen() == nil && control.operationStatus(id)?.phase == .running)
        try control.end(accepted: taken.operation, failure: nil)
        file.begin("late", totalBytes: nil)
        #expect(try seen() == nil && !DurableFiles.exists(control.paths.operation(id)))
    }
}
