import Notation
import PostgresFormat

/// What a program that reads a command's JSON relies on: the paths in their order, the types there, and the
/// words that stand where only certain ones can.
struct OutputShape {
    /// The types and words of each path; `[]` in a path stands for every element of a list.
    private(set) var types: [String: Set<String>] = [:]
    private(set) var words: [String: Set<String>] = [:]
    /// The paths in the order in which they are printed.
    private(set) var paths: [String] = []
    /// Members whose names are data: what is below them is of one kind.
    private static let maps: Set = ["tags", "properties"]
    /// Members that hold one of a few words.
    private static let enumerations: Set = [
        "autoGrow", "backupType", "createMode", "geoRedundantBackup", "kind", "level", "mode",
        "outcome", "publicNetworkAccess", "role", "state", "status", "tier", "type", "verdict",
    ]

    init(of value: JSONValue) {
        add(value, at: ".", in: nil)
    }

    /// Reads what `text` wrote.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count > 1 else { continue }
            paths.append(parts[0])
            types[parts[0]] = Set(parts[1].split(separator: "|").map(String.init))
            let found = parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : []
            words[parts[0]] = found.isEmpty ? nil : Set(found)
        }
    }

    /// A line for each path: the path, its types, its words.
    var text: String {
        paths.map { path in
            let kinds = (types[path] ?? []).sorted().joined(separator: "|")
            let known = (words[path] ?? []).sorted().joined(separator: ",")
            return known.isEmpty ? "\(path) \(kinds)\n" : "\(path) \(kinds) \(known)\n"
        }.joined()
    }

    /// Takes over what `other` has besides.
    mutating func learn(_ other: OutputShape) {
        var place = 0
        for path in other.paths {
            if let known = paths.firstIndex(of: path) {
                place = max(place, known + 1)
            } else {
                paths.insert(path, at: place)
                place += 1
            }
            types[path, default: []].formUnion(other.types[path] ?? [])
            if let more = other.words[path] { words[path, default: []].formUnion(more) }
        }
    }

    private mutating func add(_ value: JSONValue, at path: String, in name: String?) {
        if types[path] == nil {
            // Behind what has the same parent: members of a later element may be new.
            let siblings = paths.lastIndex { $0.hasPrefix(Self.parent(of: path)) }
            paths.insert(path, at: siblings.map { $0 + 1 } ?? paths.count)
        }
        types[path, default: []].insert(Self.type(of: value))
        switch value {
        case .string(let text):
            if let name, Self.enumerations.contains(name) { words[path, default: []].insert(Self.word(text)) }
        case .array(let elements):
            for element in elements { add(element, at: path + "[]", in: name) }
        case .object(let object):
            for member in object.members {
                let step = name.map(Self.maps.contains) == true ? "*" : Self.word(member.name)
                add(member.value, at: (path == "." ? "" : path) + "." + step, in: member.name)
            }
        default: break
        }
    }

    private static func parent(of path: String) -> String {
        String(path[..<(path.lastIndex { $0 == "." || $0 == "[" } ?? path.startIndex)])
    }

    private static func word(_ text: String) -> String {
        text.map { $0 == " " || $0 == "," ? "_" : String($0) }.joined()
    }

    private static func type(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "list"
        case .object: "object"
        }
    }

    /// In what `other` differs from this shape, a line for each; empty when a program would not notice.
    ///
    /// What is null or an empty list there may have members here.
    func differences(of other: OutputShape) -> [String] {
        var found: [String] = []
        for path in other.paths {
            guard let known = types[path] else {
                found.append("\(path) is new")
                continue
            }
            let kinds = (other.types[path] ?? []).subtracting(known).sorted()
            if !kinds.isEmpty { found.append("\(path) is \(kinds), not \(known.sorted())") }
            let strange = (other.words[path] ?? []).subtracting(words[path] ?? []).sorted()
            if !strange.isEmpty { found.append("\(path) says \(strange)") }
        }
        for path in paths where other.types[path] == nil {
            let parent = Self.parent(of: path)
            let isEmpty = path.hasSuffix("[]")
            if !isEmpty, other.types[parent.isEmpty ? "." : parent]?.contains("object") == true {
                found.append("\(path) is gone")
            }
        }
        if found.isEmpty, other.paths != paths.filter({ other.types[$0] != nil }) {
            found.append("the members come in another order: \(other.paths.joined(separator: " "))")
        }
        return found
    }
}
