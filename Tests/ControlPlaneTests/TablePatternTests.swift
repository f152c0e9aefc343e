import Platform
import Testing

@testable import ControlPlane

/// Which tables a person means.
struct TablePatternTests {
    @Test(arguments: [
        ("orders", "shop", "orders", true), ("orders", "shop", "orders2", false),
        ("shop.orders", "shop", "orders", true), ("shop.orders", "public", "orders", false),
        ("shop.*", "shop", "", true), ("*", "a", "b", true), ("*.t", "x", "t", true),
        ("o*s", "a", "orders", true), ("o*d*s", "a", "orders", true), ("o*d*x", "a", "orders", false),
        ("*a*ab", "a", "aaab", true), ("o*", "a", "O", false), ("s*.o*", "shop", "orders", true),
    ])
    func `an asterisk stands for any characters`(
        _ pattern: String, _ schema: String, _ name: String, _ matches: Bool
    ) throws {
        #expect(try TablePattern(pattern).matches(schema: schema, name: name) == matches)
    }

    @Test(arguments: ["", ".", "a.", ".b", "a.b.c"]) func `what is no name is refused`(_ text: String) {
        #expect(throws: Problem.self) { try TablePattern(text) }
    }
}
