import NIOCore
import NIOPosix
import ServiceModel
import Testing

@testable import Server

/// The streams of the portal's pages: no browser, no socket. It waits in line again with each 'await', behind
/// all the tests of its process.
@Suite(.timeLimit(.minutes(10)))
struct LiveOperationsTests {
    private func next(_ iterator: inout AsyncStream<ByteBuffer>.AsyncIterator) async -> String? {
        await iterator.next().map { String(buffer: $0) }
    }

    @Test func `of too many streams of a session the oldest ends, and nobody else's`() async throws {
        let server = try APIUnderTest()
        let live = LiveOperations(
            controlPlane: server.controlPlane, pool: .singleton, log: DaemonLog(isVerbose: true) { _ in })
        let mine = LiveFollower(scope: .subscription, session: "mine")
        var other = try #require(live.listen(LiveFollower(scope: .subscription, session: "other")))
            .makeAsyncIterator()
        var streams = try (0...LiveOperations.mostOfSession).map { _ in
            try #require(live.listen(mine)).makeAsyncIterator()
        }
        // The oldest stream of all is another session's.
        while await next(&streams[0]) != nil {}
        for index in streams.indices.dropFirst() {
            #expect(await next(&streams[index])?.contains("event: state") == true)
        }
        #expect(await next(&other)?.contains("event: state") == true)
    }
}
