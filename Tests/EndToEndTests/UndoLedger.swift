/// What the tables have when some transactions had never been, as far as nobody else wrote after them what
/// they wrote.
///
/// Replayed cell by cell from the state before each commit: it knows of no addresses and no WAL.
struct UndoLedger {
    typealias Row = [String: String?]

    private(set) var rows: [String: EndToEnd.UndoTests.Rows]
    /// `public.table,key` of the rows that are left as they are.
    private(set) var conflicts: Set<String> = []
    /// Whether there is nothing to write.
    private(set) var isNothing = true

    private var restored: [String: [String: Row]] = [:]
    private var removed: [String: Set<String>] = [:]
    private var updated: [String: [String: Row]] = [:]
    /// Of each commit, keys of `parts` that it ended or began, where something is to be said of the row.
    private var ended: [Int: Set<String>] = [:]
    private var began: [Int: Set<String>] = [:]

    /// A row from when it came until it went.
    fileprivate struct Life {
        /// Nil where a victim put it in.
        var base: Row?
        /// By whom and to what it was changed; nil for a deletion.
        var steps: [(victim: Int?, row: Row?)] = []

        var victims: Set<Int> { Set(steps.compactMap(\.victim)) }
        var isOver: Bool { steps.last.map { $0.row == nil } ?? false }
    }

    /// - Parameters:
    ///   - states: before the first transaction, and after each.
    ///   - victims: numbers of those that had never been.
    init(states: [[String: EndToEnd.UndoTests.Rows]], victims: Set<Int>) {
        rows = states[states.count - 1]
        for table in states[0].keys {
            let keys = states.reduce(into: Set<String>()) { $0.formUnion($1[table, default: [:]].keys) }
            for key in keys { judge(table, key, states.map { $0[table]?[key] }, victims) }
        }
        tie()
        settle()
    }

    private mutating func judge(_ table: String, _ key: String, _ states: [Row?], _ victims: Set<Int>) {
        var lives: [Life] = []
        if let first = states[0] { lives.append(Life(base: first)) }
        for number in 0..<(states.count - 1) where states[number] != states[number + 1] {
            let victim = victims.contains(number) ? number : nil
            if states[number] == nil { lives.append(Life(base: victim == nil ? states[number + 1] : nil)) }
            if states[number] != nil || victim != nil {
                lives[lives.count - 1].steps.append((victim, states[number + 1]))
            }
        }
        let now = states[states.count - 1]
        let touched = lives.filter { !$0.victims.isEmpty }
        let told = touched.filter { isTold($0) }
        let isMixed =
            told.count > 1 && told.contains { $0.base == nil || $0.endsAtVictim }
            && (told.contains { $0.victims.count > 1 } || Set(told.map(\.victims)).count > 1)
        for life in told {
            if table == "parts" {
                if life.endsAtVictim, let last = life.steps.last?.victim {
                    ended[last, default: []].insert(key)
                }
                if life.base == nil, let first = life.steps[0].victim {
                    began[first, default: []].insert(key)
                }
            }
            if isMixed { conflicts.insert("public.\(table),\(key)") } else { judge(table, key, life, now) }
        }
    }

    /// Whether there is something to be said of it.
    private func isTold(_ life: Life) -> Bool {
        guard life.base != nil else { return !life.endsAtVictim }
        return life.endsAtVictim || !life.replayed.damaged.isEmpty
    }

    private mutating func judge(_ table: String, _ key: String, _ life: Life, _ now: Row?) {
        let name = "public.\(table),\(key)"
        let replay = life.replayed
        guard let base = replay.row else {
            if life.isOver { return }
            if life.isChangedByOthers {
                conflicts.insert(name)
            } else {
                removed[table, default: []].insert(key)
            }
            return
        }
        if life.endsAtVictim {
            if !replay.contested.isEmpty || now != nil && now != base {
                conflicts.insert(name)
            } else if now == nil {
                restored[table, default: [:]][key] = base
            }
        } else if life.isOver || !replay.contested.isEmpty {
            conflicts.insert(name)
        } else if var row = now {
            for column in replay.damaged { row[column] = base[column] }
            updated[table, default: [:]][key] = row
        }
    }

    /// A row that was taken to another partition goes back whole or not at all.
    private mutating func tie() {
        for (commit, gone) in ended {
            for id in 1...12 {
                let keys = Set(["eu", "us"].map { "region=\($0) id=\(id)" })
                let moved = keys.intersection(gone).union(keys.intersection(began[commit, default: []]))
                guard moved.count == 2, moved.contains(where: { conflicts.contains("public.parts,\($0)") })
                else { continue }
                for key in moved {
                    conflicts.insert("public.parts,\(key)")
                    restored["parts"]?[key] = nil
                    removed["parts"]?.remove(key)
                }
            }
        }
    }

    /// A parent stays where a child that stays refers to it; a child comes back only to its parent.
    private mutating func settle() {
        for (table, changed) in updated {
            for (key, row) in changed {
                if rows[table]?[key] != row { isNothing = false }
                rows[table]?[key] = row
            }
        }
        for table in ["pairs", "parents", "parts"] {
            for (key, row) in restored[table] ?? [:] {
                rows[table]?[key] = row
                isNothing = false
            }
        }
        for table in ["pairs", "children", "parts"] {
            for key in removed[table] ?? [] {
                rows[table]?[key] = nil
                isNothing = false
            }
        }
        for key in removed["parents"] ?? [] {
            let id = key.split(separator: "=").last.map(String.init)
            if rows["children"]?.values.contains(where: { $0["parent"] == id }) ?? false {
                conflicts.insert("public.parents,\(key)")
            } else {
                rows["parents"]?[key] = nil
                isNothing = false
            }
        }
        for (key, row) in restored["children"] ?? [:] {
            let parent = (row["parent"] ?? nil).map { "id=\($0)" }
            if let parent, rows["parents"]?[parent] == nil {
                conflicts.insert("public.children,\(key)")
            } else {
                rows["children"]?[key] = row
                isNothing = false
            }
        }
    }
}

extension UndoLedger.Life {
    var endsAtVictim: Bool { isOver && steps.last?.victim != nil }

    /// Victims that follow each other count as one.
    private var runs: [(isVictim: Bool, row: UndoLedger.Row?)] {
        steps.indices.filter { index in
            index == steps.count - 1 || steps[index].victim == nil || steps[index + 1].victim == nil
        }.map { (steps[$0].victim != nil, steps[$0].row) }
    }

    /// Whether anybody else changed a row that a victim had put in.
    var isChangedByOthers: Bool {
        let runs = runs
        return runs.indices.dropFirst().contains { !runs[$0].isVictim && runs[$0].row != runs[$0 - 1].row }
    }

    /// The row without the victims, which of its columns have to be given back, and which of these others
    /// wrote afterwards.
    var replayed: (row: UndoLedger.Row?, damaged: Set<String>, contested: Set<String>) {
        guard var row = base, var current = base else { return (nil, [], []) }
        let runs = runs
        let last = runs.lastIndex { $0.isVictim } ?? 0
        var (dirty, others, restored): (Set<String>, Set<String>, Set<String>) = ([], [], [])
        for run in runs[...last] {
            guard let new = run.row else { break }
            for (column, value) in new where value != current[column] && column != "g" {
                if run.isVictim {
                    dirty.insert(column)
                    restored.remove(column)
                } else if dirty.contains(column) {
                    others.insert(column)
                    if value == row[column] { restored.insert(column) } else { restored.remove(column) }
                } else {
                    row[column] = value
                }
            }
            current = new
        }
        var contested = others.subtracting(restored)
        let damaged = dirty.filter { row[$0] != current[$0] }.union(contested)
        let after = current
        if let end = runs.last?.row { current = end }
        for column in damaged.subtracting(contested) where current[column] != row[column] {
            if runs[(last + 1)...].contains(where: { $0.row?[column] != after[column] }) {
                contested.insert(column)
            }
        }
        return (row, damaged, contested)
    }
}
