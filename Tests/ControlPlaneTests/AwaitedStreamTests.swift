import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// What is said of commits that wait for a stream.
struct AwaitedStreamTests {
    private static func state(_ phase: AttachedState.Phase, behind: UInt64) -> AttachedState {
        var attachment = Attachment(
            host: "db", port: 5432, user: "pitr_backup", security: .require, rootCertificate: nil,
            slot: .none, slotBound: nil)
        attachment.synchronousName = "pitr_prod"
        var state = AttachedState(attachment: attachment, phase: phase)
        state.synchronousNames = "ANY 1 (pitr_prod, other)"
        (state.durable, state.sourceEnd) = (LSN(1 << 30), LSN(1 << 30 + behind))
        return state
    }

    private static func findings(_ state: AttachedState) -> String {
        AttachedFindings(name: "prod", state: state, now: PostgresTimestamp(microseconds: 0)).all
            .map { "\($0.level.rawValue): \($0.message)" }.joined(separator: "\n")
    }

    @Test(.timeLimit(.minutes(5)))
    func `commits that stand still are told, and why`() {
        let streaming = Self.state(.streaming, behind: 4096)
        #expect(streaming.isAwaited && streaming.standstill == nil)
        #expect(Self.findings(streaming).contains("while nobody receives, they wait for ever"))

        let behind = Self.state(.streaming, behind: 3 << 30)
        #expect(behind.standstill == .catchingUp(behind: 3 << 30))
        #expect(Self.findings(behind).contains("until this stream has caught up: it is 3.00 GiB behind"))

        for phase in [AttachedState.Phase.connecting, .waiting, .notReceiving] {
            let state = Self.state(phase, behind: 0)
            #expect(state.standstill == .notReceived)
            #expect(Self.findings(state).contains("wait for this stream now, which is not received"))
        }
        var other = Self.state(.notReceiving, behind: 0)
        other.synchronousNames = "other"
        #expect(other.standstill == nil)
    }
}
