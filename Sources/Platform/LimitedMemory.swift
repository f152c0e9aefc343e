/// What is kept in memory up to a limit. Where room is wanted, what nobody asked for for the longest time
/// goes, and no more than has to: a large value takes what it needs, and leaves the rest to the others.
struct LimitedMemory<Key: Hashable, Value> {
    private struct Entry {
        var value: Value
        var weight: Int
        var used: Int
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var weight = 0
    private var uses = 0

    /// - Parameter limit: of all values together, in what their weights count.
    init(limit: Int) {
        self.limit = limit
    }

    mutating func find(_ key: Key) -> Value? {
        guard let place = entries.index(forKey: key) else { return nil }
        uses += 1
        entries.values[place].used = uses
        return entries.values[place].value
    }

    /// One that is larger than all the room is not kept.
    mutating func put(_ key: Key, _ value: Value, weight wanted: Int) {
        remove(key)
        guard wanted <= limit else { return }
        if weight + wanted > limit { makeRoom(wanted) }
        uses += 1
        entries[key] = Entry(value: value, weight: wanted, used: uses)
        weight += wanted
    }

    /// Where little is wanted more than that, so that the next ones find room.
    private mutating func makeRoom(_ wanted: Int) {
        let most = limit - max(wanted, limit / 16)
        for (key, _) in entries.sorted(by: { $0.value.used < $1.value.used }) {
            guard weight > most else { return }
            remove(key)
        }
    }

    private mutating func remove(_ key: Key) {
        if let entry = entries.removeValue(forKey: key) { weight -= entry.weight }
    }
}
