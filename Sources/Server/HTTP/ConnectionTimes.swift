import NIOCore

/// How long a connection may keep the daemon waiting before it is closed.
struct ConnectionTimes: Sendable {
    /// From the connection to the end of the first request's head, with the TLS handshake; and between two
    /// requests.
    let silence: TimeAmount
    /// From a request's head to the end of its body.
    let body: TimeAmount
    /// As long as nothing of an answer can be sent.
    let stalled: TimeAmount

    init(seconds: Int64 = 30) {
        silence = .seconds(seconds)
        body = .seconds(seconds)
        stalled = .seconds(seconds)
    }
}
