import Testing

@testable import Portal

@Suite(.timeLimit(.minutes(5)))
struct MarkupTests {
    @Test func `text cannot become markup`() {
        let nasty = "<script>alert('1')</script>\" onload=\"x&\u{0}\u{8}"
        let page = tag("p", ["title": nasty]) { nasty }.text
        #expect(!page.contains("<script") && !page.contains("onload=\"") && !page.contains("\u{0}"))
        #expect(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; onload=&quot;x&amp;"))
    }

    @Test func `an attribute without a value is left out or stands alone`() {
        #expect(
            void("input", ["name": "a", "checked": nil, "disabled": ""]).text == "<input name=\"a\" disabled>"
        )
        #expect(void("input", ["value": ""]).text == "<input value=\"\">")
    }

    @Test(arguments: [
        Place.servers, .create, .notifications, .signIn, .signOut, .events, .asset("portal.css"),
        .deployment("a b"), .server(group: "de mo/ü?#%", name: "orders", .overview),
        .server(group: "demo", name: "orders", .restore),
    ])
    func `an address is read back as it was written`(place: Place) {
        let words = place.path.split(separator: "/").dropFirst().map { word in
            Self.decoded(String(word))
        }
        #expect(Place(words) == place)
    }

    @Test(arguments: Place.ServerPlace.allCases)
    func `a server's place is read back, and its words are in its heading`(part: Place.ServerPlace) {
        let place = Place.server(group: "demo", name: "orders", part)
        let words = place.path.split(separator: "/").dropFirst().map(String.init)
        #expect(Place(words) == place)
        #expect(place.title.contains(part == .overview ? "orders" : part.words))
    }

    @Test func `a server's menu has Azure's words in one order, and an attached server's has fewer`() {
        func menu(_ heading: Place.ServerPlace.Menu, isAttached: Bool = false) -> [String] {
            Place.ServerPlace.allCases.filter { $0.menu == heading && !(isAttached && $0.needsOwnServer) }
                .map(\.words)
        }
        #expect(menu(.server) == ["Overview", "Timeline", "Connect", "Undo", "Compare", "Drills"])
        #expect(
            menu(.settings) == [
                "Compute + storage", "Networking", "Server parameters", "Databases", "Backup and restore",
            ])
        #expect(menu(.server, isAttached: true) == ["Overview", "Timeline", "Undo", "Drills"])
        #expect(menu(.settings, isAttached: true) == ["Backup and restore"])
    }

    @Test(arguments: [
        ["servers"], ["servers", "a"], ["servers", "a", "b", "overview"], ["servers", "a", "b", "c"], ["x"],
        ["create", "x"],
    ])
    func `what is no address is none`(words: [String]) {
        #expect(Place(words) == nil)
    }

    @Test func `words for a shell are quoted where they have to be`() {
        #expect(
            Shell.line(["pitr", "a-b_c.d", "", "a b", "it's", "$(x)"])
                == "pitr a-b_c.d '' 'a b' 'it'\\''s' '$(x)'")
    }

    /// Percent signs undone, without Foundation.
    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
