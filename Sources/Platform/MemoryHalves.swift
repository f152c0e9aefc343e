/// What is kept in memory, and how much of its limit that takes.
protocol WeighedEntry {
    var weight: Int { get }
}

/// Two halves: when the newer one is full it becomes the older one, whose entries go then unless somebody
/// asked for them since.
struct MemoryHalves<Key: Hashable, Entry: WeighedEntry> {
    private(set) var newer: [Key: Entry] = [:]
    private var older: [Key: Entry] = [:]
    /// Of the newer ones.
    private var weight = 0

    mutating func take(_ key: Key) -> Entry? {
        if let entry = newer.removeValue(forKey: key) {
            weight -= entry.weight
            return entry
        }
        return older.removeValue(forKey: key)
    }

    /// - Parameter limit: of each half.
    mutating func put(_ key: Key, _ entry: Entry, limit: Int) {
        _ = take(key)
        // One that is alone may have both halves.
        guard entry.weight <= 2 * limit else { return }
        if weight + entry.weight > limit {
            older = entry.weight > limit ? [:] : newer
            newer = [:]
            weight = 0
        }
        newer[key] = entry
        weight += entry.weight
    }
}
