import PostgresFormat

/// The places of rows by a number that nearly always one row alone has.
struct PlaceIndex {
    private var first: [UInt32: RowPlace] = [:]
    private var others: [UInt32: [RowPlace]] = [:]

    var numbers: some Sequence<UInt32> { first.keys }

    subscript(number: UInt32) -> [RowPlace] {
        guard let place = first[number] else { return [] }
        return others.isEmpty ? [place] : [place] + (others[number] ?? [])
    }

    mutating func insert(_ place: RowPlace, for number: UInt32) {
        guard let known = first[number] else {
            first[number] = place
            return
        }
        if known != place, !(others[number]?.contains(place) ?? false) {
            others[number, default: []].append(place)
        }
    }

    mutating func remove(_ place: RowPlace, for number: UInt32) {
        if first[number] == place {
            first[number] = others[number]?.popLast()
        } else if let found = others[number]?.firstIndex(of: place) {
            others[number]?.remove(at: found)
        }
        if others[number]?.isEmpty ?? false { others[number] = nil }
    }
}
