import Catalog
import Testing

@testable import ControlPlane

/// Whatever ends a replacement, the server that has the name runs again.
struct InterruptedReplacementTests {
    private typealias Side = InterruptedReplacement.Side

    private static let stopped = Side(phase: .complete, shouldRun: true, runs: false)
    private static let running = Side(phase: .complete, shouldRun: true, runs: true)
    private static let gone = Side(phase: .dropped, shouldRun: false, runs: false)

    private static func steps(_ old: Side, _ new: Side?, files: Bool) -> [InterruptedReplacement.Step] {
        InterruptedReplacement(old: old, new: new, hasOldFiles: files).steps
    }

    @Test func `before the change the old server is started, if it is to run and does not`() {
        #expect(Self.steps(Self.stopped, nil, files: true) == [.startOld])
        #expect(Self.steps(Self.running, nil, files: true) == [])
        let halted = Side(phase: .complete, shouldRun: false, runs: false)
        #expect(Self.steps(halted, nil, files: true) == [])
    }

    @Test func `after the change the new server is started, and only then the old one's files go`() {
        #expect(Self.steps(Self.gone, Self.stopped, files: true) == [.startNew, .removeOldFiles])
        #expect(Self.steps(Self.gone, Self.running, files: true) == [.removeOldFiles])
        #expect(Self.steps(Self.gone, Self.stopped, files: false) == [.startNew])
        #expect(Self.steps(Self.gone, nil, files: true) == [.removeOldFiles])
        #expect(Self.steps(Self.gone, Self.gone, files: false) == [])
    }

    @Test func `the old one's files stay while the new server is stopped: it may never have run`() {
        let halted = Side(phase: .complete, shouldRun: false, runs: false)
        #expect(Self.steps(Self.gone, halted, files: true) == [])
        #expect(Self.steps(Self.gone, Self.gone, files: true) == [.removeOldFiles])
    }
}
