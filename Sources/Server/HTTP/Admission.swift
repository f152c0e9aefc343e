import Glibc
import HummingbirdCore
import NIOCore
import NIOPosix

/// Stands in front of everything else at the listening socket: connections that the gate refuses are closed
/// at once, and a lack of descriptors is waited out.
final class Admission: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never

    /// Before it is tried again, after the system had no descriptor for a connection.
    private static let pause = TimeAmount.milliseconds(200)

    private let gate: ConnectionGate
    private let log: DaemonLog
    private var isPausing = false
    private var isReadWanted = false
    private var hasToldLack = false

    private init(gate: ConnectionGate, log: DaemonLog) {
        self.gate = gate
        self.log = log
    }

    /// Puts the gate in front of the listening socket, and begins to accept.
    static func begin(_ gate: ConnectionGate, on channel: any Channel, log: DaemonLog) async throws {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(
                Admission(gate: gate, log: log), position: .first)
            gate.isInPlace = true
            channel.read()
        }.get()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        let caller = ConnectionEnds(channel)?.caller ?? .address("an unknown address")
        switch gate.admit(caller) {
        case .admitted:
            let gate = gate
            channel.closeFuture.whenComplete { _ in gate.leave(caller) }
            context.fireChannelRead(data)
        case .refused(let note):
            if let note { log.note(note) }
            channel.close(promise: nil)
        }
    }

    func read(context: ChannelHandlerContext) {
        if isPausing { isReadWanted = true } else { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? IOError, Self.passes(failure.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        if !hasToldLack { log.error("a connection was not accepted: \(failure)") }
        hasToldLack = true
        guard !isPausing else { return }
        isPausing = true
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPausing = false
            guard self.isReadWanted else { return }
            self.isReadWanted = false
            context.read()
        }
    }

    /// What accept(2) fails with while the socket goes on listening: a connection that is gone already, and a
    /// lack of descriptors or memory.
    private static func passes(_ code: Int32) -> Bool {
        [ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }
}

/// Keeps the listening socket from accepting anything before the gate stands.
struct HeldUntilGated: AvailableConnectionsDelegate {
    let gate: ConnectionGate

    mutating func connectionOpened() {}
    mutating func connectionClosed() {}
    func isAcceptingNewConnections() -> Bool { gate.isInPlace }
}
