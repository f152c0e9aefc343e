import Foundation
import Synchronization

/// What forms that were sent have begun, so that a double click, a reload or Back begins nothing again.
final class PortalSentForms: Sendable {
    private static let most = 1000

    private enum Entry {
        /// Reserved: whoever sent it first is still at it.
        case beginning
        case begun(String)
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Of those that have begun something.
        var order: [String] = []
    }

    /// A condition and no mutex: others wait for the same form, and only for that.
    private let turn = NSCondition()
    private let state = Mutex(State())

    func operation(of form: String) -> String? {
        state.withLock { if case .begun(let id) = $0.entries[form] { id } else { nil } }
    }

    /// The operation that the form has begun, or begins now. Who sends the same one waits meanwhile; a
    /// failure can be tried again.
    func once(_ form: String, _ begin: () throws -> String) throws -> String {
        if let begun = reserve(form) { return begun }
        var operation: String?
        defer { settle(form, operation) }
        let begun = try begin()
        operation = begun
        return begun
    }

    /// Nil for whoever is to begin it.
    private func reserve(_ form: String) -> String? {
        turn.lock()
        defer { turn.unlock() }
        while true {
            let entry = state.withLock { state in
                let entry = state.entries[form]
                if entry == nil { state.entries[form] = .beginning }
                return entry
            }
            switch entry {
            case nil: return nil
            case .begun(let operation): return operation
            case .beginning: turn.wait()
            }
        }
    }

    /// - Parameter operation: nil where nothing was begun.
    private func settle(_ form: String, _ operation: String?) {
        turn.lock()
        defer { turn.unlock() }
        state.withLock { state in
            state.entries[form] = operation.map { .begun($0) }
            guard operation != nil else { return }
            state.order.append(form)
            if state.order.count > Self.most { state.entries[state.order.removeFirst()] = nil }
        }
        turn.broadcast()
    }
}
