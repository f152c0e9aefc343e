/// A refusal, with the words that the API has for it.
public struct RefusalPage: Page {
    public var frame = Frame()
    public var back: Frame.Link?

    public init() {}

    public var content: HTML {
        if let back {
            tag("p", ["class": "buttons"]) {
                tag("a", ["class": "button", "href": back.place.path], back.words)
            }
        }
    }
}
