/// The statements of a script, told apart as psql does it: by semicolons outside of quotes, comments,
/// parentheses and the bodies of SQL-standard functions.
struct SQLStatements {
    struct Statement: Equatable {
        let text: String
        /// Line of the script on which it begins, from 1.
        let line: Int
    }

    private let text: [Unicode.Scalar]
    private var place = 0
    private var start = 0
    private var depth = 0
    /// The words of the statement so far, as far as they tell a function's body.
    private var words: [String] = []
    private var blocks = 0
    private var found: [Statement] = []
    private var line = 1
    private var startLine = 1

    static func split(_ sql: String) -> [Statement] {
        var splitter = SQLStatements(text: Array(sql.unicodeScalars))
        while splitter.place < splitter.text.count { splitter.step() }
        splitter.end(before: splitter.text.count)
        return splitter.found
    }

    private init(text: [Unicode.Scalar]) {
        self.text = text
    }

    private mutating func step() {
        let scalar = text[place]
        switch scalar {
        case "'": quoted("'", escapes: false)
        case "\"": quoted("\"", escapes: false)
        case "-" where peek(1) == "-": lineComment()
        case "/" where peek(1) == "*": blockComment()
        case "$": dollar()
        case "(", "[":
            depth += 1
            place += 1
        case ")", "]":
            depth = max(0, depth - 1)
            place += 1
        case ";" where depth == 0 && blocks == 0:
            end(before: place)
            place += 1
            start = place
        case _ where Self.beginsWord(scalar): word()
        default: place += 1
        }
    }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        place + distance < text.count ? text[place + distance] : nil
    }

    private static func beginsWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.value >= 128 || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private static func continuesWord(_ scalar: Unicode.Scalar) -> Bool {
        beginsWord(scalar) || ("0"..."9").contains(scalar)
    }

    /// From the opening quote to behind the closing one; a doubled one is read as two strings, which is as
    /// well.
    private mutating func quoted(_ quote: Unicode.Scalar, escapes: Bool) {
        place += 1
        while place < text.count, text[place] != quote {
            place += escapes && text[place] == "\\" ? 2 : 1
        }
        place += 1
        // The second half of a doubled quote is still an escape string.
        if escapes, place < text.count, text[place] == quote { quoted(quote, escapes: true) }
    }

    private mutating func lineComment() {
        while place < text.count, text[place] != "\n" { place += 1 }
    }

    /// Comments lie within one another.
    private mutating func blockComment() {
        var open = 0
        repeat {
            if text[place] == "/" && peek(1) == "*" {
                open += 1
                place += 2
            } else if text[place] == "*" && peek(1) == "/" {
                open -= 1
                place += 2
            } else {
                place += 1
            }
        } while open > 0 && place < text.count
    }

    private mutating func dollar() {
        var end = place + 1
        while end < text.count, Self.continuesWord(text[end]), end > place + 1 || Self.beginsWord(text[end]) {
            end += 1
        }
        guard end < text.count, text[end] == "$" else {
            place += 1
            return
        }
        let tag = Array(text[place...end])
        place = end + 1
        while place < text.count, !text[place...].starts(with: tag) { place += 1 }
        place = min(place + tag.count, text.count)
    }

    private mutating func word() {
        var end = place
        while end < text.count, Self.continuesWord(text[end]) || text[end] == "$" { end += 1 }
        let name = String(String.UnicodeScalarView(text[place..<end])).lowercased()
        place = end
        if name == "e", place < text.count, text[place] == "'" { return quoted("'", escapes: true) }
        if words.count < 4 { words.append(name) }
        guard makesFunction, depth == 0 else { return }
        if name == "begin" || (blocks > 0 && name == "case") { blocks += 1 }
        if name == "end", blocks > 0 { blocks -= 1 }
    }

    /// Only such statements may have semicolons of their own, between BEGIN ATOMIC and END.
    private var makesFunction: Bool {
        guard words.first == "create" else { return false }
        let rest = words.dropFirst().drop { $0 == "or" || $0 == "replace" }
        return rest.first == "function" || rest.first == "procedure"
    }

    private mutating func end(before limit: Int) {
        var first = start
        while first < limit, text[first].properties.isWhitespace { first += 1 }
        for scalar in text[start..<first] where scalar == "\n" { line += 1 }
        startLine = line
        for scalar in text[first..<limit] where scalar == "\n" { line += 1 }
        defer {
            words = []
            blocks = 0
        }
        guard first < limit else { return }
        found.append(
            Statement(text: String(String.UnicodeScalarView(text[first..<limit])), line: startLine))
    }
}
