import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// What is said of commits that wait for a stream.
struct AwaitedStreamTests {
    private static let now = PostgresTimestamp(microseconds: 10_000_000_000)

    private static func state(
        _ phase: AttachedState.Phase, _ names: String, secondsAgo: Int64 = 3
    ) -> AttachedState {
        var attachment = Attachment(
            host: "db", port: 5432, user: "pitr_backup", security: .require, rootCertificate: nil,
            slot: .none, slotBound: nil)
        attachment.synchronousName = "pitr_prod"
        var state = AttachedState(attachment: attachment, phase: phase)
        (state.synchronousNames, state.seenAt) = (names, now)
        state.synchronousNamesAt = PostgresTimestamp(microseconds: now.microseconds - secondsAgo * 1_000_000)
        (state.durable, state.sourceEnd) = (LSN(1 << 30), LSN(1 << 32))
        return state
    }

    private static func finding(_ state: AttachedState) -> String {
        AttachedFindings(name: "prod", state: state, now: now).all
            .filter { $0.message.contains("commits") }
            .map { "\($0.level.rawValue): \($0.message)" }.joined(separator: "\n")
    }

    @Test(.timeLimit(.minutes(5)))
    func `that commits wait now is told where nobody else can confirm them, and it was said moments ago`() {
        let alone = [
            "pitr_prod", "\"PITR_prod\"", " 1 ( pitr_prod )", "first 1 (pitr_prod)",
            "ANY 2 (other, pitr_prod)", "FIRST 3 (a, \"b\", pitr_prod)", "2(pitr_prod,\"a-b\")",
        ]
        for phase in [AttachedState.Phase.connecting, .waiting, .notReceiving] {
            for names in alone {
                #expect(Self.state(phase, names).standstill == .certain, "\(names)")
            }
            let told = Self.finding(Self.state(phase, "pitr_prod"))
            #expect(told.hasPrefix("\(DoctorFinding.Level.problem.rawValue): "))
            #expect(told.contains("wait now for this stream, which is not received"))
        }
        let others = [
            "*", "pitr_prod, other", "ANY 1 (pitr_prod, other)", "FIRST 1 (pitr_prod, other)",
            "2 (pitr_prod, *)", "ANY 2 (a, pitr_prod, b)", "2 (pitr_prod, pitr_prod)", "\"a,pitr_prod\"",
            "1 (pitr_prod, \"x)\")",
        ]
        for names in others {
            #expect(Self.state(.notReceiving, names).standstill == .possible, "\(names)")
        }
        for names in ["", "other", "FIRST 1 (other)"] {
            #expect(Self.state(.notReceiving, names).standstill == nil, "\(names)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what the source said some time ago is told with its time, and as possible only`() {
        #expect(Self.state(.notReceiving, "pitr_prod", secondsAgo: 15).standstill == .certain)
        for seconds in [Int64(16), 3600, -1] {
            let old = Self.state(.notReceiving, "pitr_prod", secondsAgo: seconds)
            #expect(old.standstill == .possible)
            let told = Self.finding(old)
            #expect(told.hasPrefix("\(DoctorFinding.Level.warning.rawValue): "))
            #expect(told.contains("may wait for this stream"))
            #expect(told.contains("was 'pitr_prod' at 2000-01-01T"))
        }
        var unknown = Self.state(.notReceiving, "pitr_prod")
        unknown.synchronousNamesAt = nil
        #expect(unknown.standstill == .possible)
        #expect(Self.finding(unknown).contains("when it was asked last"))
    }

    /// PostgreSQL counts one that has been synchronous as such however far behind it is.
    @Test(.timeLimit(.minutes(5)))
    func `a stream that is received is no standstill, however far behind`() {
        let streaming = Self.state(.streaming, "pitr_prod")
        #expect(streaming.isAwaited && streaming.standstill == nil)
        #expect(Self.finding(streaming).contains("while nobody receives, they wait for ever"))
    }
}
