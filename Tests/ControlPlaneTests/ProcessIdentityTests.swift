import Foundation
import Platform
import TestKit
import Testing

@testable import ControlPlane

/// A process that can be told from another one of the same number.
struct ProcessIdentityTests {
    @Test func `knows that this process lives`() {
        #expect(ProcessIdentity.current.isAlive)
        #expect(ProcessIdentity(pid: getpid()) == .current)
        #expect(ProcessIdentity.current.start.contains("@"))
    }

    @Test func `knows a process that has ended`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/cat")
        let input = Pipe()
        process.standardInput = input
        try process.run()
        let identity = ProcessIdentity(pid: process.processIdentifier)
        #expect(identity.isAlive)
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(!identity.isAlive)
        #expect(!ProcessIdentity(pid: process.processIdentifier).isAlive)
    }

    @Test func `does not take another process of the same number for the one it knew`() {
        let mine = ProcessIdentity.current
        #expect(!ProcessIdentity(pid: mine.pid, start: "1" + mine.start).isAlive)
        let boot = String(mine.start.split(separator: "@")[0]) + "@another-boot"
        #expect(!ProcessIdentity(pid: mine.pid, start: boot).isAlive)
        #expect(!ProcessIdentity(pid: mine.pid, start: "").isAlive)
    }

    @Test func `never asks itself to stop`() {
        ProcessIdentity.current.terminate()
        ProcessIdentity(pid: getpid(), start: "0@x").terminate()
    }

    @Test func `ends a process that it knows, and leaves a stranger alone`() throws {
        let pid = try SystemCommands().spawnDetached(
            Command("/usr/bin/tail", ["-f", "/dev/null"]), log: "/dev/null")
        let identity = ProcessIdentity(pid: pid)
        ProcessIdentity(pid: pid, start: "0@x").terminate()
        #expect(identity.isAlive)
        identity.terminate()
        #expect(ProductUnderTest.eventually { !identity.isAlive })
    }
}
