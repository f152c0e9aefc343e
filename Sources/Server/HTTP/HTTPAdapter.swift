import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// Between the HTTP server and the API: bodies are read whole, and the work is done on threads that may
/// block.
struct HTTPAdapter: HTTPResponder {
    typealias Context = ConnectionContext

    let api: API
    let pool: NIOThreadPool

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        var plain = APIRequest(
            method: request.method.rawValue, target: request.head.path ?? "/",
            headers: Self.headers(request), host: Self.host(request, context), peer: context.peer)
        do {
            let body = try await request.body.collect(upTo: API.largestBody)
            plain.body = Array(body.readableBytesView)
        } catch is NIOTooManyBytesError {
            plain.isTooLarge = true
        }
        let asked = plain
        let api = api
        let answer = try await pool.runIfActive { api.respond(to: asked) }
        var response = Response(
            status: .init(code: answer.status),
            body: answer.body.isEmpty ? .init() : .init(byteBuffer: ByteBuffer(bytes: answer.body)))
        for header in answer.headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            response.headers.append(HTTPField(name: name, value: header.value))
        }
        // What was not read of a body that is too large is not worth waiting for.
        if plain.isTooLarge { response.headers[.connection] = "close" }
        return response
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
    let remote: SocketAddress?
    let local: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        remote = source.channel.remoteAddress
        local = source.channel.localAddress
    }

    var peer: Peer {
        guard let remote, let local, let there = Self.bytes(remote), let here = Self.bytes(local),
            let port = remote.port, let server = local.port
        else { return Peer(isLoopback: remote?.ipAddress == "::1") { nil } }
        return Peer(isLoopback: there.first == 127) {
            LoopbackPeer.user(ofPort: port, at: there, to: server, at: here)
        }
    }

    /// The four bytes of an IPv4 address.
    private static func bytes(_ address: SocketAddress) -> [UInt8]? {
        guard let parts = address.ipAddress?.split(separator: "."), parts.count == 4 else { return nil }
        let bytes = parts.compactMap { UInt8($0) }
        return bytes.count == 4 ? bytes : nil
    }
}
