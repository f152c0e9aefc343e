import ControlPlane
import Dispatch
import Glibc
import Platform
import ServiceModel
import Synchronization
import TestKit
import Testing

@testable import Server

/// What connections are let in, and for how long they may be of no use.
@Suite struct ConnectionTests {
    private let owner = ConnectionGate.Caller.account(7)
    private let stranger = ConnectionGate.Caller.account(65534)

    /// Lets connections in until one is refused; the number of those admitted.
    private func fill(_ gate: ConnectionGate, _ caller: ConnectionGate.Caller) -> Int {
        var count = 0
        while count < 1000, gate.admit(caller) == .admitted { count += 1 }
        return count
    }

    @Test func `a peer gets its share, all strangers together leave room, and an owner gets the rest`() {
        let limits = ConnectionLimits(openFiles: 4096)
        #expect(limits.total == 512 && limits.perPeer == 128 && limits.forOwners == 64)
        let gate = ConnectionGate(limits: limits, owners: [0, 7])
        #expect(fill(gate, stranger) == 128)
        #expect(fill(gate, .address("192.0.2.1")) == 128)
        let others = (1...10).map { fill(gate, .account(1000 + $0)) }
        #expect(others.reduce(256, +) == 512 - 64)
        #expect(fill(gate, owner) == 64)
        gate.leave(stranger)
        #expect(gate.admit(stranger) != .admitted)
        #expect(gate.admit(owner) == .admitted)
    }

    @Test func `few files leave few connections`() {
        #expect(ConnectionLimits(openFiles: 256).total == 128)
        #expect(ConnectionLimits(openFiles: 64).total == 16)
    }

    @Test func `tells of refusals ever more seldom`() {
        let gate = ConnectionGate(limits: ConnectionLimits(openFiles: 64), owners: [])
        _ = fill(gate, stranger)
        let notes = (1...100).map { _ in gate.admit(stranger) }.count { $0 != .refused(note: nil) }
        #expect(notes <= 7)
    }

    @Test func `finds whose a connection is among thousands, also over IPv6`() throws {
        let addresses: [(family: Int32, bytes: [UInt8], text: String)] = [
            (AF_INET, [127, 0, 0, 1], "0100007F"),
            (AF_INET6, Array(repeating: 0, count: 15) + [1], "00000000000000000000000001000000"),
            (
                AF_INET6, Array(repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1],
                "0000000000000000FFFF00000100007F"
            ),
        ]
        for (_, bytes, text) in addresses {
            #expect(LoopbackPeer.isLoopback(bytes))
            #expect(LoopbackPeer.entry(bytes, 8443) == text + ":20FB")
        }
        #expect(!LoopbackPeer.isLoopback([192, 0, 2, 1]))
        let line =
            "   1: 0100007F:20FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000   105        0 2 1\n"
        let last =
            "9999: 0100007F:C351 0100007F:20FB 01 00000000:00000000 00:00000000 00000000  1000        0 3 1\n"
        let scratch = try ScratchDirectory("table")
        let table = try scratch.write("tcp", String(repeating: line, count: 9999) + last)
        #expect(LoopbackPeer.look(table, "0100007F:C351", "0100007F:20FB") == 1000)
    }

    @Test func `reads more than one page of a file without a size`() throws {
        let lines = try DurableFiles.read("/proc/self/smaps").split(separator: UInt8(ascii: "\n"))
        #expect(lines.last?.starts(with: "VmFlags:".utf8) == true)
    }
}

/// A daemon in this process whose patience is short.
@Suite struct ConnectionTimeTests {
    private final class Told: Sendable {
        let port = Atomic<Int>(0)
        let hasEnded = Atomic<Bool>(false)
    }

    /// Sends each over a TLS connection of its own, and waits until the daemon has closed it. The seconds
    /// that took, in no order.
    private func seconds(_ port: Int, sending all: [String]) throws -> [Int] {
        let clients = all.map { pieces in
            "(openssl s_client -quiet -connect 127.0.0.1:\(port) >/dev/null 2>&1 "
                + "< <(exec 2>/dev/null; \(pieces); exec sleep 90); echo $SECONDS) &"
        }
        let answer = try SystemCommands().run(
            Command(
                "bash", ["-c", clients.joined(separator: "\n") + "\nwait"], workingDirectory: "/",
                timeoutSeconds: 120))
        return answer.standardOutput.split(separator: "\n").compactMap { Int($0) }
    }

    @Test func `closes connections that say nothing, too little, or drop after drop`() throws {
        let under = try APIUnderTest()
        let (cancellation, told) = (CancellationFlag(), Told())
        var options = Daemon.Options(
            endpoint: Endpoint(host: "127.0.0.1", port: 0),
            policy: AccessPolicy(
                isOpenToOthers: false, owners: [geteuid()],
                hosts: HostRule(listen: "127.0.0.1", isOpenToOthers: false)))
        options.times = ConnectionTimes(seconds: 2)
        let daemon = Daemon(
            under.controlPlane, options: options, log: DaemonLog(isVerbose: false) { _ in },
            cancellation: cancellation)
        DispatchQueue.global().async {
            try? daemon.run { told.port.store($0.port, ordering: .relaxed) }
            told.hasEnded.store(true, ordering: .relaxed)
        }
        #expect(ProductUnderTest.eventually { told.port.load(ordering: .relaxed) != 0 })
        let drops = "for i in $(seq 90); do sleep 1; printf x; done"
        let all = [
            "true", #"printf 'GET /health HTTP/1.1\r\n'"#, "printf 'GET /h'; " + drops,
            #"printf 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'"#,
            #"printf 'POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n'; "# + drops,
        ]
        let seconds = try seconds(told.port.load(ordering: .relaxed), sending: all)
        // Well before a client ends it by itself, on a machine that has its hands full as well.
        #expect(seconds.count == all.count && seconds.allSatisfy { $0 < 60 }, "\(seconds)")
        cancellation.cancel()
        #expect(ProductUnderTest.eventually { told.hasEnded.load(ordering: .relaxed) })
    }
}
