/// Lets threads pass one point in the order of their turns: 0, 1, 2 and so on.
public final class TurnGate: Sendable {
    /// The turn that may pass now; nil once broken.
    private let current = Monitor<Int?>(0)

    public init() {}

    /// Returns when it is `turn`'s turn; false when the gate was broken by a failed sibling.
    public func wait(for turn: Int) -> Bool {
        current.wait { now in
            guard let now else { return false }
            return now == turn ? true : nil
        }
    }

    /// The holder of the current turn lets the next one in.
    public func pass() {
        current.change { now in now = now.map { $0 + 1 } }
    }

    /// Sends everyone away, now and later: a turn will never come.
    public func breakDown() {
        current.change { $0 = nil }
    }
}
