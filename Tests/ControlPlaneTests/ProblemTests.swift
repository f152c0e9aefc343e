import Planning
import Platform
import PostgresFormat
import Testing

@testable import ControlPlane

/// The registry of what can go wrong.
struct ProblemTests {
    @Test func `gives every code a name of its own, an exit status and an HTTP status`() {
        let codes = ProblemCode.allCases
        #expect(Set(codes.map { $0.rawValue.lowercased() }).count == codes.count)
        for code in codes {
            #expect([1, 2, 3].contains(code.exitStatus), "\(code)")
            #expect([400, 401, 403, 404, 405, 409, 413, 421, 429, 500].contains(code.httpStatus), "\(code)")
            #expect(code.rawValue.wholeMatch(of: /[A-Z][A-Za-z]+/) != nil, "\(code)")
            #expect((code.exitStatus == 3) == (code.httpStatus == 404), "\(code)")
        }
    }

    @Test func `tells wrong use, what is not there and a failure apart`() {
        #expect(ProblemCode.usage.exitStatus == 2 && ProblemCode.usage.httpStatus == 400)
        #expect(ProblemCode.resourceNotFound.exitStatus == 3)
        #expect(ProblemCode.serverBusy.exitStatus == 1 && ProblemCode.serverBusy.httpStatus == 409)
        #expect(ProblemCode.expiredAuthenticationToken.httpStatus == 401)
        #expect(ProblemCode.authorizationFailed.httpStatus == 403)
        #expect(ProblemCode.subscriptionNotFound.exitStatus == 3)
        #expect(ProblemCode.recoveryFailed.exitStatus == 1 && ProblemCode.recoveryFailed.httpStatus == 500)
    }

    @Test func `gives every refusal of the planner a code, and keeps its words`() {
        let time = PostgresTimestamp(microseconds: 0)
        let segment = SegmentName(timeline: TimelineID(1), number: 5)
        let known: [(Refusal, ProblemCode)] = [
            (.noBackup(server: "a", damaged: []), .noUsableBackup),
            (.everyBackupTooNew(requested: time, rejected: []), .noUsableBackup),
            (.tooEarly(requested: time, earliest: time, latest: nil), .restoreTimeTooEarly),
            (
                .insideBackup(requested: time, backup: "b", earliest: time, latest: nil),
                .restoreTimeTooEarly
            ),
            (.tooLate(requested: time, earliest: time, latest: nil), .restoreTimeTooLate),
            (.unknownBackup(name: "b", known: []), .resourceNotFound),
            (.damagedBackup(name: "b", reason: "r"), .backupDamaged),
            (.missingSegment(segment, lastBefore: nil, reachableFrom: nil), .walMissing),
            (
                .damagedSegment(segment, reason: "r", lastBefore: nil, reachableFrom: nil), .walDamaged
            ),
            (
                .minimalLogging(from: .zero, until: nil, lastBefore: nil, reachableFrom: nil),
                .targetUnreachable
            ),
            (.timeNotExact(reason: "r"), .targetUnreachable),
        ]
        for (refusal, code) in known {
            let problem = Problem(refusal)
            #expect(problem.code == code)
            #expect(problem.message == refusal.message && problem.detail == refusal.detail)
            #expect(problem.hint == refusal.hint)
        }
    }
}
