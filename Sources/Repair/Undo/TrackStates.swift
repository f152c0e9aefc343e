import Platform
import PostgresClient
import PostgresFormat

/// Reads how transactions left rows, where that is not to be seen just before the first of those that are
/// taken back, nor just after the last one.
///
/// Each state of a row lasts from one commit to the next that wrote it. The moments are chosen so that each
/// serves as many rows as possible.
struct TrackStates {
    /// One row of a file, and one of its states: 0 is how it was before the first of its steps.
    struct Key: Hashable {
        var file: RelationLocator
        var track: Int
        var state: Int
    }

    struct Wish {
        var key: Key
        var address: RowAddress
        /// Where the commit records begin of whoever left the row so, and of the next one who wrote it.
        var from: LSN
        var to: LSN
    }

    /// A file with rows, and the table whose columns they have.
    struct Part {
        var part: TableSorter.Part
        var shape: TableShape
    }

    private var wishes: [Wish] = []
    private(set) var found: [Key: Cells] = [:]

    init() {}

    mutating func want(_ wish: Wish) { wishes.append(wish) }

    /// The fewest commits behind which every state that is wished for is to be seen, and the states seen
    /// behind each.
    var moments: [(commit: LSN, wishes: [Wish])] {
        var moments: [(commit: LSN, wishes: [Wish])] = []
        let starts = wishes.map(\.from).sorted()
        var rest = wishes.sorted { $0.to < $1.to }[...]
        while let first = rest.first {
            let commit = starts.last { $0 < first.to } ?? first.from
            moments.append((commit, rest.filter { $0.from <= commit && commit < $0.to }))
            rest = rest.filter { !($0.from <= commit && commit < $0.to) }[...]
        }
        return moments
    }

    /// What cannot be had is not found.
    ///
    /// - Parameter session: in a copy of the moment just after a commit record; nil where none can be had.
    mutating func read(
        _ parts: [RelationLocator: Part], _ session: (LSN) throws(Problem) -> Connection?
    ) throws(Problem) {
        for moment in moments {
            guard let connection = try session(moment.commit) else { continue }
            for (file, wishes) in Dictionary(grouping: moment.wishes, by: \.key.file) {
                guard let known = parts[file],
                    try TableReader(connection).file(of: known.part.relation) == file,
                    let there = try TableReader(connection).shape(of: known.part.relation),
                    let root = try TableReader(connection).shape(of: known.shape.number),
                    root.hasSameColumns(as: known.shape)
                else { continue }
                let rows = try RowReader(connection).rows(
                    of: root, in: there.name, at: wishes.map(\.address))
                for wish in wishes { found[wish.key] = rows[wish.address] }
            }
        }
    }
}
