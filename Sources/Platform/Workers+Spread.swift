import CSupport
import Synchronization

extension Workers {
    /// Processors that this process may run on.
    public static var processors: Int { max(1, Int(pitr_processors())) }

    /// Calls `body` for every number below `count`, in rising order, on a few threads: one for each
    /// processor, at most 16. After a failure no further number is begun, and the failure is thrown.
    public static func spread(
        _ count: Int, _ body: @escaping @Sendable (Int) throws(Problem) -> Void
    ) throws(Problem) {
        let board = SpreadBoard(count)
        try run(max(1, min(count, processors, 16))) { (_) throws(Problem) in
            while let number = board.take() {
                do throws(Problem) {
                    try body(number)
                } catch {
                    board.stop()
                    throw error
                }
            }
        }
    }

    /// What `body` answers for every number below `count`, in order; spread over threads by portions of so
    /// many numbers, and on the caller's thread alone where one portion has them all.
    public static func map<Value: Sendable>(
        _ count: Int, portion: Int = 16, _ body: @escaping @Sendable (Int) throws(Problem) -> Value
    ) throws(Problem) -> [Value] {
        let portions = (count + portion - 1) / portion
        let found = MappedPortions<Value>(portions)
        try spread(portions) { (number) throws(Problem) in
            var values: [Value] = []
            for place in number * portion..<min((number + 1) * portion, count) {
                values.append(try body(place))
            }
            found.set(number, values)
        }
        return found.all
    }
}

private final class MappedPortions<Value: Sendable>: Sendable {
    private let portions: Mutex<[[Value]]>

    init(_ count: Int) {
        portions = Mutex(Array(repeating: [], count: count))
    }

    func set(_ number: Int, _ values: [Value]) {
        portions.withLock { $0[number] = values }
    }

    var all: [Value] { portions.withLock { $0.flatMap { $0 } } }
}

private final class SpreadBoard: Sendable {
    private let count: Int
    private let next = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    init(_ count: Int) {
        self.count = count
    }

    func take() -> Int? {
        if isStopped.load(ordering: .relaxed) { return nil }
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? number : nil
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }
}
