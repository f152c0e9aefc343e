/// Which of the words that exist was meant by one that does not.
enum NearWord {
    /// Those that are a slip of the finger away, or that the word begins; none rather than a wrong one.
    ///
    /// The first letter is right as a rule (`top` is not `stop`), and a short word has one slip at most.
    static func candidates(for word: String, among words: [String]) -> [String] {
        let letters = Array(word.lowercased())
        guard letters.count > 2 else { return [] }
        let begun = words.filter { $0.hasPrefix(word.lowercased()) }.sorted()
        // `restor` is `restore`, not `restore-point`.
        if let whole = begun.first(where: { $0.count == letters.count + 1 }) { return [whole] }
        if !begun.isEmpty { return begun.count <= 3 ? begun : [] }
        let near = words.map { ($0, distance(letters, Array($0))) }
            .filter { candidate, distance in
                distance <= (letters.count > 5 ? 2 : 1) && beginsAlike(letters, Array(candidate))
            }
        guard let least = near.map(\.1).min() else { return [] }
        let best = near.filter { $0.1 == least }.map(\.0).sorted()
        return best.count <= 2 ? best : []
    }

    private static func beginsAlike(_ one: [Character], _ other: [Character]) -> Bool {
        if one.first == other.first { return true }
        return one.count > 1 && other.count > 1 && one[0] == other[1] && one[1] == other[0]
    }

    /// How many letters are wrong, missing, too many, or exchanged with their neighbour.
    static func distance(_ one: [Character], _ other: [Character]) -> Int {
        guard !one.isEmpty, !other.isEmpty else { return max(one.count, other.count) }
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for row in 1...one.count {
            var current = [row]
            for column in 1...other.count {
                let isSame = one[row - 1] == other[column - 1]
                var least = min(
                    last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, one[row - 1] == other[column - 2], one[row - 2] == other[column - 1] {
                    least = min(least, beforeLast[column - 2] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[other.count]
    }
}
