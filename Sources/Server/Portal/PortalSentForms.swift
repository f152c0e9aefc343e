import Synchronization

/// What forms that were sent have begun, so that a double click, a reload or Back begins nothing again.
final class PortalSentForms: Sendable {
    private static let most = 1000

    private struct State {
        var operations: [String: String] = [:]
        var order: [String] = []
    }

    private let state = Mutex(State())

    func operation(of form: String) -> String? { state.withLock { $0.operations[form] } }

    /// The operation that the form has begun, or begins now. Others wait meanwhile; a failure can be tried
    /// again.
    func once(_ form: String, _ begin: () throws -> String) rethrows -> String {
        try state.withLock { state in
            if let begun = state.operations[form] { return begun }
            let operation = try begin()
            state.operations[form] = operation
            state.order.append(form)
            if state.order.count > Self.most { state.operations[state.order.removeFirst()] = nil }
            return operation
        }
    }
}
