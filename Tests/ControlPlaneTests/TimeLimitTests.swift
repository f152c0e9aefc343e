import Platform
import Testing

@testable import ControlPlane

@Suite(.timeLimit(.minutes(1)))
struct TimeLimitTests {
    @Test func `work that goes on for too long is stopped, and told from what was called off`() throws {
        let above = CancellationFlag()
        let short = TimeLimit(seconds: 0, under: above)
        #expect(!short.flag.isCancelled)
        short.advance(bytes: 1)
        #expect(short.flag.reason?.code == .operationNotSupported)
        #expect(!above.isCancelled)
        let long = TimeLimit(seconds: 3600, under: above)
        long.advance(bytes: 1)
        #expect(!long.flag.isCancelled)
        above.cancel()
        #expect(long.flag.isCancelled && long.flag.reason == nil)
    }
}
