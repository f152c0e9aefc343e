#if canImport(Glibc)
    import Glibc
#endif
public import PostgresFormat

/// What time it is: the only door to the machine's clock.
public protocol WallClock: Sendable {
    func now() -> PostgresTimestamp
}

public struct SystemWallClock: WallClock {
    public init() {}

    public func now() -> PostgresTimestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return PostgresTimestamp(
            unixMicroseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// Seconds that only go forward, to measure how long a step took.
public struct Stopwatch: Sendable {
    private let started = ContinuousClock.now

    public init() {}

    public var seconds: Double {
        let elapsed = ContinuousClock.now - started
        return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    }
}
