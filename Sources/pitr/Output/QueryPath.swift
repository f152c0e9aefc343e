import ArgumentParser
import Notation
import Platform

/// A part of a result, named as az's `--query` names it: JMESPath's members, items, lists and new objects,
/// without its functions, filters and pipes.
///
/// `local.id` is a member, `"node.js"` one whose name is no word, `[0]` an item, `[-1]` the last one.
/// Behind `[]` or `[*]` what follows is taken of each item, and items that do not have it are left out.
/// `{name:name, id:local.id}` is an object of such parts.
struct QueryPath: Hashable, Sendable {
    struct Field: Hashable, Sendable {
        let name: String
        let path: QueryPath
    }

    enum Step: Hashable, Sendable {
        case member(String)
        case item(Int)
        /// Each item; where items are lists themselves, each of theirs if they are to be flattened.
        case each(isFlat: Bool)
        case object([Field])
    }

    let steps: [Step]

    /// - Throws: `ValidationError` for what is no such path.
    init(_ text: String) throws {
        guard let path = QueryPath(parsing: text) else {
            throw ValidationError(
                "of JMESPath only names with dots, [0], [], [*] and {name:path} are understood, as in local.id "
                    + "or [].name; for more let jq read '-o json'")
        }
        self = path
    }

    private init?(parsing text: some StringProtocol) {
        var rest = Substring(text)
        var steps: [Step] = []
        while !rest.isEmpty || steps.isEmpty {
            guard let step = Self.step(from: &rest, isFirst: steps.isEmpty),
                step != .each(isFlat: false) || !steps.contains(where: \.isEach)
            else { return nil }
            steps.append(step)
        }
        self.steps = steps
    }

    /// That part of a value; null where it is null, or an item that a list does not have.
    ///
    /// - Throws: `.usage` for a name that is nowhere where it is looked for. az takes that for null; but what
    ///   prints nothing gives a script an empty word, which names something else.
    func part(of value: JSONValue) throws(Problem) -> JSONValue {
        var values = [value]
        var isOfEach = false
        for step in steps {
            guard case .each(let isFlat) = step else {
                values = try Self.take(step, of: values)
                continue
            }
            if !isOfEach {
                guard let items = values[0].array else { return .null }
                values = items
            }
            if isFlat { values = values.flatMap { $0.array ?? [$0] } }
            isOfEach = true
        }
        return isOfEach ? .array(values.filter { $0 != .null }) : values[0]
    }

    /// The step's part of each value, in their order.
    private static func take(_ step: Step, of values: [JSONValue]) throws(Problem) -> [JSONValue] {
        switch step {
        case .member(let name):
            try require(name, in: values)
            return values.map { $0[name] ?? .null }
        case .item(let number):
            return values.map { value in
                let items = value.array ?? []
                let place = number < 0 ? items.count + number : number
                return items.indices.contains(place) ? items[place] : .null
            }
        case .object(let fields):
            var objects = values.map { $0.object == nil ? nil : JSONObject() }
            for field in fields {
                var parts = values
                for step in field.path.steps { parts = try take(step, of: parts) }
                for index in objects.indices { objects[index]?[field.name] = parts[index] }
            }
            return objects.map { $0.map(JSONValue.object) ?? .null }
        case .each: return values
        }
    }

    private static func require(_ name: String, in values: [JSONValue]) throws(Problem) {
        let objects = values.compactMap(\.object)
        guard !objects.isEmpty, objects.allSatisfy({ $0[name] == nil }) else { return }
        let there = objects[0].members.map(\.name).sorted()
        throw Problem(
            .usage, "the result has no '\(name)' where --query looks for it",
            detail: there.isEmpty ? "there is nothing" : "there are \(there.joined(separator: ", "))",
            hint: "'-o json' shows all of it.")
    }
}

extension QueryPath.Step {
    fileprivate var isEach: Bool {
        if case .each = self { true } else { false }
    }
}

extension QueryPath {
    private static func step(from rest: inout Substring, isFirst: Bool) -> Step? {
        if rest.first == "[" {
            guard let inside = between("[", "]", &rest) else { return nil }
            switch inside {
            case "": return .each(isFlat: true)
            case "*": return .each(isFlat: false)
            default: return Int(inside).map(Step.item)
            }
        }
        if !isFirst {
            guard rest.first == "." else { return nil }
            rest.removeFirst()
        }
        if rest.first == "{" { return between("{", "}", &rest).flatMap(object) }
        return name(&rest).map(Step.member)
    }

    private static func object(_ inside: Substring) -> Step? {
        var fields: [Field] = []
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            var rest = part.trimmingPrefix { $0 == " " }
            guard let name = name(&rest) else { return nil }
            rest = rest.trimmingPrefix { $0 == " " }
            guard rest.first == ":" else { return nil }
            let text = rest.dropFirst().trimmingPrefix { $0 == " " }
            guard let end = text.lastIndex(where: { $0 != " " }),
                let path = QueryPath(parsing: text[...end]), !path.steps.contains(where: \.isEach)
            else { return nil }
            fields.append(Field(name: name, path: path))
        }
        return .object(fields)
    }

    /// What stands between two brackets in front, which are taken away with it.
    private static func between(_ open: Character, _ close: Character, _ rest: inout Substring) -> Substring?
    {
        guard rest.first == open, let end = rest.firstIndex(of: close) else { return nil }
        let inside = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        return inside
    }

    /// A name in front, in double quotes where it is no word.
    private static func name(_ rest: inout Substring) -> String? {
        if rest.first == "\"" {
            let name = rest.dropFirst().prefix { $0 != "\"" }
            guard name.endIndex < rest.endIndex, !name.isEmpty, !name.contains("\\") else { return nil }
            rest = rest[rest.index(after: name.endIndex)...]
            return String(name)
        }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = name.first, !first.isNumber else { return nil }
        rest = rest[name.endIndex...]
        return String(name)
    }
}
