import Notation
import Platform
import PostgresFormat
import Testing
import Yams

@testable import pitr

struct OutputTests {
    private let report = Report(
        value: .array([
            .object([
                "name": .string("ørders \"1\""), "count": .integer(3), "on": .bool(true), "none": .null,
                "share": .double(0.5), "sku": .object(["tier": .string("15")]), "list": .array([.integer(1)]),
                "empty": .array([]), "nothing": .object([:]),
            ])
        ]),
        view: .columns(ColumnTable(header: ["Name", "Count"], rows: [["ørders", "3"], ["b", "10"]])))

    @Test func `JSON is sorted, indented by two and keeps letters as they are`() throws {
        let expected = """
            [
              {
                "count": 3,
                "empty": [],
                "list": [
                  1
                ],
                "name": "ørders \\"1\\"",
                "none": null,
                "nothing": {},
                "on": true,
                "share": 0.5,
                "sku": {
                  "tier": "15"
                }
              }
            ]

            """
        #expect(try report.render(.json) == expected)
        #expect(try report.render(.jsonc) == expected)
    }

    @Test func `coloured JSON is the same text with colours`() throws {
        let text = try report.render(.jsonc, colors: true)
        #expect(text.contains("\u{1B}[34m\"count\"\u{1B}[0m: \u{1B}[36m3\u{1B}[0m"))
        #expect(try report.render(.json, colors: true).contains("\u{1B}") == false)
    }

    @Test func `a table has az's header rule and no blanks at the ends of lines`() throws {
        #expect(
            try report.render(.table) == """
                Name    Count
                ------  -----
                ørders  3
                b       10

                """)
    }

    @Test func `a name cannot break a line of a table, nor speak to the terminal`() {
        let table = ColumnTable(header: ["Name", "Size"], rows: [["a\n\u{1B}[2Jb\u{202E}", "1"]])
        #expect(table.render().hasSuffix("\na\\u{a}\\u{1b}[2Jb\\u{202e}  1\n"))
        var text = PersonText()
        text.field("Note", "first\nsecond \u{9B}31m")
        #expect(text.render() == "  Note  first\n        second \\u{9b}31m\n")
    }

    @Test func `nothing that acts on a terminal gets there raw, in any format`() throws {
        let hostile = [
            "\u{61C}", "\u{200E}", "\u{200F}", "\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{9B}",
            "\u{1B}",
            "\u{2028}", "\u{85}", "\u{7F}",
        ]
        for text in hostile {
            let named = JSONValue.array([.object(["a\(text)b": .string("c: \(text)\\ \"d\" é")])])
            let report = Report(
                value: named, view: .columns(ColumnTable(header: ["Name"], rows: [["x\(text)y"]])))
            for format in [OutputFormat.json, .jsonc, .yaml, .yamlc, .table] {
                let printed = try report.render(format)
                #expect(!printed.contains(text), "\(format): \(text.visible())")
                #expect(format == .table || printed.contains("é"))
            }
            let line = try report.render(.yaml)
            let read = try #require(try Yams.load(yaml: line) as? [[String: String]])
            #expect(
                read.first?.first?.key == "a\(text)b" && read.first?.first?.value == "c: \(text)\\ \"d\" é")
            #expect(
                try JSONValue.parse(report.render(.json)).array?.first?.object?.members.first?.value.string
                    == "c: \(text)\\ \"d\" é")
            var streamed = ""
            var stream = ReportStream(.table, colors: false) {
                streamed += $0
                return true
            }
            try stream.add(String?.none, line: "x\(text)y")
            #expect(!streamed.contains(text))
        }
    }

    @Test func `a table without rows prints nothing`() throws {
        let empty = Report(value: .array([]), view: .columns(ColumnTable(header: ["Name"], rows: [])))
        #expect(try empty.render(.table) == "")
        #expect(try empty.render(.json) == "[]\n")
        #expect(try empty.render(.tsv) == "")
    }

    @Test func `tab-separated values follow az, sorted by name, nested objects empty`() throws {
        #expect(try report.render(.tsv) == "3\t0\t1\tørders \"1\"\tNone\t\tTrue\t0.5\t\n")
    }

    @Test func `YAML quotes text that would read as something else`() throws {
        let expected = """
            - count: 3
              empty: []
              list:
              - 1
              name: ørders "1"
              none: null
              nothing: {}
              on: true
              share: 0.5
              sku:
                tier: '15'

            """
        #expect(try report.render(.yaml) == expected)
        #expect(try report.render(.yamlc) == expected)
        #expect(try report.render(.yamlc, colors: true).contains("- \u{1B}[34mcount\u{1B}[0m: 3"))
    }

    @Test func `lists in a document are written as the document would be`() throws {
        let events = JSONValue.array([
            .object(["a": .integer(1), "b": .array([.integer(1), .string("2")])]),
            .object(["a": .null, "b": .array([])]), .array([.string("x"), .array([.bool(true)])]),
        ])
        let document = JSONValue.object(["events": events, "none": .array([]), "z": .string("x: y")])
        let expected = """
            events:
            - a: 1
              b:
              - 1
              - '2'
            - a: null
              b: []
            - - x
              - - true
            none: []
            z: 'x: y'

            """
        #expect(try YAMLText.render(document) == expected)
    }

    @Test func `a pipe gets a person's form when it asks for text`() throws {
        var text = PersonText()
        text.heading("orders")
        text.field("State", "Ready")
        let report = try Report(["name": "orders"], text)
        #expect(try report.render(.text) == "orders\n  State  Ready\n")
        #expect(try report.render(.text) == report.render(.table))
        let list = try Report(["x"], ["Name"], [["orders"]])
        #expect(try list.render(#require(OutputFormat(argument: "TEXT"))) == list.render(.table))
        var streamed = ""
        var stream = ReportStream(.text, colors: false) { part in
            streamed += part
            return true
        }
        try stream.add("a", line: "a line")
        try stream.finish()
        #expect(streamed == "a line\n")
    }

    @Test(arguments: OutputFormat.allCases)
    func `a command without a result prints nothing in any format`(format: OutputFormat) throws {
        #expect(try Report.nothing.render(format) == "")
    }

    @Test func `none prints nothing`() throws {
        #expect(try report.render(.none) == "")
    }

    @Test func `a person gets a table and a pipe gets JSON`() {
        #expect(OutputFormat.usual(isTerminal: true) == .table)
        #expect(OutputFormat.usual(isTerminal: false) == .json)
    }

    @Test func `long values are wrapped under where they begin`() {
        var text = PersonText()
        text.heading("Why")
        text.field("Reason", "one two three four five six seven")
        text.field("Missing", nil)
        text.item("first")
        #expect(
            text.render(width: 30) == """
                Why
                  Reason  one two three four
                          five six seven
                  - first

                """)
    }

    @Test(arguments: [(0.44, "0.4 s"), (12.2, "12 s"), (185, "3 min 05 s"), (3720, "1 h 02 min")])
    func `durations are short`(seconds: Double, text: String) {
        #expect(DurationText.of(seconds) == text)
    }

    @Test func `a table fits a terminal: lesser columns give way, and no word is broken`() {
        let table = ColumnTable(
            header: ["Name", "Location", "Message", "Tags"],
            rows: [
                ["orders", "southcentralus", "it waits for another restore of the same server", "a=b"],
                ["x", "local", "", ""],
            ])
        #expect(table.render().split(separator: "\n").map(\.count).max() == 77)
        let narrow = table.render(width: 40)
        #expect(
            narrow == """
                Name    Message
                ------  --------------------------------
                orders  it waits for another restore of
                        the same server
                x
                (not shown: Location, Tags)

                """)
        // What somebody asked for by SQL is theirs.
        var data = table
        data.isData = true
        #expect(data.render(width: 40).contains("southcentralus") && data.render(width: 40).contains("a=b"))
        // Words that are too long for all columns: the last ones give way, and several are broken at blanks.
        let long = ColumnTable(
            header: ["Id", "Asked For", "Why", "Outcome"],
            rows: [
                [String(repeating: "i", count: 36), "by someone at noon", "it was due since noon", "o"],
                ["", "", "", String(repeating: "o", count: 20)],
            ])
        let lines = long.render(width: 72).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 72 } && lines.last == "(not shown: Outcome)", "\(lines)")
        #expect(lines.contains { $0.hasSuffix("  by someone at     it was due since") }, "\(lines)")
        let word = ColumnTable(header: ["A"], rows: [[String(repeating: "x", count: 90)]])
        #expect(word.render(width: 40).contains(String(repeating: "x", count: 90)))
        #expect(word.render(width: 40).split(separator: "\n")[1] == String(repeating: "-", count: 40))
    }

    @Test func `states are marked by colours, and nothing else is`() {
        let table = ColumnTable(
            header: ["Name", "State"], rows: [["Readying", "Ready"], ["b", "failed: x"]])
        #expect(
            table.render() == "Name      State\n--------  ---------\nReadying  Ready\nb         failed: x\n")
        #expect(
            table.render(colors: true)
                == "Name      State\n--------  ---------\nReadying  \u{1B}[32mReady\u{1B}[0m\n"
                + "b         \u{1B}[31mfailed: x\u{1B}[0m\n")
        #expect(TerminalColor.isWanted { $0 == "TERM" ? "xterm" : nil })
        #expect(!TerminalColor.isWanted { $0 == "NO_COLOR" ? "1" : "xterm" })
        #expect(!TerminalColor.isWanted { $0 == "TERM" ? "dumb" : nil })
    }
}
