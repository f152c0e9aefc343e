/// A piece of a page.
///
/// Text becomes markup in one place only, and is escaped there: whatever a user named cannot become an
/// element, an attribute or a script.
public struct HTML: Sendable, Equatable {
    public private(set) var text: String

    init(markup: String = "") {
        text = markup
    }

    /// Text as it is read.
    init(_ plain: String) {
        text = Self.escaped(plain)
    }

    static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.text + right.text) }

    /// Also what would end a quoted attribute. Control characters that no HTML may have are left out.
    static func escaped(_ plain: String) -> String {
        var result = ""
        for scalar in plain.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            default: if scalar.value >= 0x20, scalar.value != 0x7F { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}

/// Puts elements and text behind each other.
@resultBuilder
public enum Markup {
    public static func buildExpression(_ html: HTML) -> HTML { html }
    public static func buildExpression(_ plain: String) -> HTML { HTML(plain) }
    public static func buildExpression(_ html: HTML?) -> HTML { html ?? HTML() }
    public static func buildBlock(_ parts: HTML...) -> HTML { HTML(markup: parts.map(\.text).joined()) }
    public static func buildOptional(_ part: HTML?) -> HTML { part ?? HTML() }
    public static func buildEither(first: HTML) -> HTML { first }
    public static func buildEither(second: HTML) -> HTML { second }
    public static func buildArray(_ parts: [HTML]) -> HTML { HTML(markup: parts.map(\.text).joined()) }
}

/// Attributes in order; nil leaves one out, and an empty text is one without a value.
typealias Attributes = KeyValuePairs<String, String?>

/// An element with what it holds.
func tag(_ name: String, _ attributes: Attributes = [:], @Markup _ content: () -> HTML) -> HTML {
    HTML(markup: "<\(name)\(written(attributes))>\(content().text)</\(name)>")
}

/// An element that holds text and nothing else.
func tag(_ name: String, _ attributes: Attributes = [:], _ plain: String) -> HTML {
    HTML(markup: "<\(name)\(written(attributes))>\(HTML.escaped(plain))</\(name)>")
}

/// An element that holds nothing and has no end: `input`, `meta`, `br`.
func void(_ name: String, _ attributes: Attributes = [:]) -> HTML {
    HTML(markup: "<\(name)\(written(attributes))>")
}

private func written(_ attributes: Attributes) -> String {
    attributes.map { name, value in
        guard let value else { return "" }
        return value.isEmpty && name != "value" && name != "alt"
            ? " \(name)" : " \(name)=\"\(HTML.escaped(value))\""
    }.joined()
}
