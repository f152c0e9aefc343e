/// How programs connect.
public struct ConnectPage: Page {
    public var frame = Frame()
    public var strings: [Fact] = []
    public var authority = ""

    public init() {}

    public var content: HTML {
        Parts.card("Trust") {
            tag("p", [:], "The server proves itself with a certificate of this machine's own authority:")
            tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], authority) }
        }
        Parts.card("Connection strings") {
            for fact in strings {
                tag("h3", [:], fact.name)
                tag("pre", ["data-copy": "", "tabindex": "0"]) { tag("code", [:], fact.value) }
            }
        }
    }
}
