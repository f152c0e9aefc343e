import Platform
import PostgresClient
import PostgresFormat

/// Which of the rows are asked for.
extension UndoReader {
    /// Those that were asked for.
    func chosen(_ pairs: [Pair], _ layout: TableLayout) throws(Problem) -> [Pair] {
        var chosen = pairs
        if !choice.columns.isEmpty {
            let places = Set(
                layout.now.columns.indices.filter {
                    choice.columns.contains(layout.now.columns[$0].name)
                })
            // Rows that came or went did so with all their columns.
            chosen = chosen.filter { ($0.before != nil && $0.after != nil) || $0.isUntold }
            for index in chosen.indices { chosen[index].keep(places) }
            chosen = chosen.filter(\.hasChanged)
        }
        if let condition = choice.condition { chosen = try fitting(condition, before: true, chosen) }
        if let condition = choice.conditionAfter { chosen = try fitting(condition, before: false, chosen) }
        return chosen
    }

    /// What the conditions say nothing of is told with the rows that were not asked for.
    ///
    /// - Parameters:
    ///   - read: all that the transactions changed.
    ///   - chosen: how many of them are asked for.
    func notChosen(_ read: [Pair], chosen: Int, of name: QualifiedName) -> [UndoPlan.LeftOut] {
        let (first, last) = (footprint.commits.first ?? .zero, footprint.commits.last ?? .zero)
        let old = choice.condition == nil ? [] : read.indices.filter { read[$0].isHidden(first, last) }
        let new =
            choice.conditionAfter == nil ? [] : read.indices.filter { read[$0].isHidden(after: last) }
        var reasons: [String] = []
        if !old.isEmpty {
            reasons.append(
                "\(old.count) rows are not to be seen just before the first of the transactions, nor as they "
                    + "left them just after the last one, and --where says nothing of them")
        }
        if !new.isEmpty {
            reasons.append(
                "\(new.count) rows were written by others between the transactions: how these left them is "
                    + "not read, and --where-after says nothing of them")
        }
        let rest = read.count - chosen - Set(old + new).count
        if rest > 0 { reasons.append("\(rest) rows were not asked for") }
        return reasons.map { UndoPlan.LeftOut(subject: "\(name)", reason: $0) }
    }

    /// Those for which a condition holds.
    ///
    /// - Parameter before: whether a row counts as it was just before, where it was there; else just after.
    private func fitting(
        _ condition: String, before: Bool, _ pairs: [Pair]
    ) throws(Problem) -> [Pair] {
        let (first, last) = (footprint.commits.first ?? .zero, footprint.commits.last ?? .zero)
        let places = pairs.map { pair in
            before ? pair.place(before: first, after: last) : pair.place(after: last)
        }
        var addresses: [Pair.Copy: [RowAddress]] = [:]
        for place in places { if let place { addresses[place.copy, default: []].append(place.address) } }
        var found: Set<Pair.Place> = []
        for (copy, addresses) in addresses {
            let fitting = try RowReader(copy.isOld ? copies.before : copies.after).addresses(
                in: copy.isOld ? copy.part.nameBefore : copy.part.nameAfter, among: addresses,
                where: condition)
            for address in fitting { found.insert(Pair.Place(copy: copy, address: address)) }
        }
        return zip(pairs, places).filter { $1.map(found.contains) ?? false }.map { $0.0 }
    }
}

extension UndoReader.Pair {
    /// A table or partition in the copy of before, or of after.
    struct Copy: Hashable {
        var isOld: Bool
        var part: TableSorter.Part
    }

    struct Place: Hashable {
        var copy: Copy
        var address: RowAddress
    }

    /// Whether there is anything to be given back.
    var hasChanged: Bool { isUntold || before != after || !(merged?.contested.isEmpty ?? true) }

    /// Where it is seen as it was just before the first of the transactions, else as the last one left it.
    func place(before first: LSN, after last: LSN) -> Place? {
        let old = origin ?? (track, part)
        if let address = old.track.before, old.track.isThere(before: first) {
            return Place(copy: Copy(isOld: true, part: old.part), address: address)
        }
        return place(after: last)
    }

    /// Where it is seen as the last of the transactions left it.
    func place(after last: LSN) -> Place? {
        guard let address = track.after, track.isThere(after: last) else { return nil }
        return Place(copy: Copy(isOld: false, part: part), address: address)
    }

    /// Whether it is seen in neither copy.
    func isHidden(_ first: LSN, _ last: LSN) -> Bool { place(before: first, after: last) == nil }

    /// Whether it was there behind them and is not seen as they left it.
    func isHidden(after last: LSN) -> Bool { track.after != nil && place(after: last) == nil }
}
