import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import ServiceModel

/// Between the HTTP server and the API: bodies are read whole, and the work is done on threads that may
/// block.
struct HTTPAdapter: HTTPResponder {
    typealias Context = ConnectionContext

    let api: API
    let pool: NIOThreadPool
    let times: ConnectionTimes
    let live: LiveOperations

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        var plain = APIRequest(
            method: request.method.rawValue, target: request.head.path ?? "/",
            headers: Self.headers(request), host: Self.host(request, context), peer: context.peer)
        plain.authority = request.head.authority
        plain.localAddress = context.local?.ipAddress
        // Whoever sends a body in drops, or without an end, loses the connection.
        let channel = context.channel
        let deadline = channel.eventLoop.scheduleTask(in: times.body) {
            channel.close(promise: nil)
        }
        do {
            let body = try await request.body.collect(upTo: API.largestBody)
            plain.body = Array(body.readableBytesView)
            deadline.cancel()
        } catch is NIOTooManyBytesError {
            plain.isTooLarge = true
        }
        let asked = plain
        let api = api
        let answer = try await pool.runIfActive { api.respond(to: asked) }
        if let follower = answer.follows, request.method == .get { return events(follower, answer) }
        var response = Response(
            status: .init(code: answer.status),
            body: answer.body.isEmpty ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        Self.add(answer.headers, to: &response)
        // What was not read of a body that is too large is not worth waiting for.
        if plain.isTooLarge { response.headers[.connection] = "close" }
        return response
    }

    /// An answer that goes on, without holding a thread.
    private func events(_ follower: LiveFollower, _ answer: APIResponse) -> Response {
        guard let events = live.listen(follower) else {
            var refusal = Response(status: .serviceUnavailable, headers: [.retryAfter: "5"])
            Self.add(answer.headers.filter { $0.name != "Content-Type" }, to: &refusal)
            return refusal
        }
        var response = Response(
            status: .ok,
            body: .init { writer in
                let end = ContinuousClock.now + LiveOperations.lifetime
                for await event in events {
                    try await writer.write(event)
                    if ContinuousClock.now >= end { break }
                }
                try await writer.finish(nil)
            })
        Self.add(answer.headers, to: &response)
        return response
    }

    private static func add(_ headers: [(name: String, value: String)], to response: inout Response) {
        for header in headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            response.headers.append(HTTPField(name: name, value: header.value))
        }
    }

    private static func headers(_ request: Request) -> [String: String] {
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        return headers
    }

    /// What the caller calls this server. Anything but a name or an address with a port is not sent back.
    private static func host(_ request: Request, _ context: ConnectionContext) -> String {
        if let authority = request.head.authority, authority.utf8.count <= 260,
            authority.wholeMatch(of: /([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/) != nil
        {
            return authority
        }
        return "\(context.local?.ipAddress ?? "127.0.0.1"):\(context.local?.port ?? 443)"
    }
}

/// Both ends of the connection that a request came through.
struct ConnectionContext: InitializableFromSource, Sendable {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }

    var local: SocketAddress? { channel.localAddress }

    var peer: Peer { ConnectionEnds(channel)?.peer ?? Peer(isLoopback: false) { nil } }
}
