import Notation
import Testing
import TestValues

@Suite struct JSONValueTests {
    @Test func `parsing gives what was printed`() throws {
        var random = SeededRandom()
        for _ in 0..<500 {
            let value = Self.value(&random, depth: 4)
            #expect(try JSONValue.parse(value.printed()) == value, "seed \(random.seed)")
            #expect(try JSONValue.parse(value.printed(indented: true)) == value, "seed \(random.seed)")
        }
    }

    @Test func `random bytes never do worse than fail`() {
        var random = SeededRandom()
        let alphabet = Array(#"{}[]",:0123456789.eE+-truefalsn\u "#.utf8) + [0x80, 0xC3, 0xFF, 0x0A, 0x01]
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            if let value = try? JSONValue.parse(bytes) {
                #expect((try? JSONValue.parse(value.printed())) == value, "seed \(random.seed)")
            }
        }
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "1.", ".5", "1e", "+1", "- 1",
        "nul",
        "tru", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\u{1}\"", "1 2", "[1] x",
        "NaN",
        "{\"a\":1,\"a\":2}", "9223372036854775808", "1e999", "'a'",
    ])
    func `refuses what is not JSON`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    }

    @Test func `refuses bytes that are not UTF-8`() {
        #expect(throws: JSONError(reason: .invalidUTF8, offset: 3)) {
            try JSONValue.parse([0x22, 0xC3, 0x28, 0x22])
        }
    }

    @Test func `refuses to go deeper than asked`() throws {
        let nested = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError(reason: .tooDeep, offset: 64)) { try JSONValue.parse(nested) }
        #expect(throws: Never.self) { try JSONValue.parse("[[[]]]", maximumDepth: 3) }
        #expect(throws: JSONError.self) { try JSONValue.parse("[[[]]]", maximumDepth: 2) }
    }

    @Test func `reads every kind of value and escape`() throws {
        let text =
            #" { "a" : [ null , true, false, -0, 12, -1.5e3 ], "s": "\"\\\/\b\f\n\r\té\ud83d\ude00" } "#
        let value = try JSONValue.parse(text)
        #expect(value["a"]?.array == [nil, true, false, 0, 12, -1500.0])
        #expect(value["s"]?.string == "\"\\/\u{8}\u{C}\n\r\té😀")
        #expect(value["missing"] == nil)
    }

    @Test func `prints members in order, indented or not`() {
        let value: JSONValue = ["b": 1, "a": ["x", [:]], "n": nil]
        #expect(value.printed() == #"{"b":1,"a":["x",{}],"n":null}"#)
        let lines = [
            "{", "  \"b\": 1,", "  \"a\": [", "    \"x\",", "    {}", "  ],", "  \"n\": null", "}", "",
        ]
        #expect(value.printed(indented: true) == lines.joined(separator: "\n"))
    }

    @Test func `an object keeps one value to a name`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = 4
        object["b"] = nil
        #expect(JSONValue.object(object).printed() == #"{"a":3,"c":4}"#)
    }

    private static func value(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int64(bitPattern: random.edgyNumber()))
        case 3: return .double(number(&random))
        case 4, 5: return .string(text(&random))
        case 6:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                object[text(&random)] = value(&random, depth: depth - 1)
            }
            return .object(object)
        }
    }

    private static func number(_ random: inout SeededRandom) -> Double {
        let number = Double(bitPattern: random.next())
        return number.isFinite ? number : 0.1
    }

    private static func text(_ random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let ceiling: UInt32 = [0x20, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF].randomElement(using: &random) ?? 0x7F
            let scalar = Unicode.Scalar(UInt32.random(in: 0...ceiling, using: &random)) ?? "?"
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
