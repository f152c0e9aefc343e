import ArgumentParser
import Notation
import Platform
import Testing

@testable import pitr

/// `--query`.
struct QueryPathTests {
    private static let servers = """
        [{"name": "shop", "local": {"id": "a1", "notes": []}, "tags": {"a-b": "1"}, "source": null},
         {"name": "copy", "local": {"id": "b2", "notes": ["x", "y"]}, "tags": {}, "source": "shop"}]
        """

    private func part(_ path: String, of text: String = servers) throws -> JSONValue {
        try QueryPath(path).part(of: JSONValue.parse(text))
    }

    @Test(arguments: [
        ("[].name", #"["shop", "copy"]"#), ("[*].local.id", #"["a1", "b2"]"#), ("[0].name", #""shop""#),
        ("[-1].local.notes[1]", #""y""#), ("[].local.notes[]", #"["x", "y"]"#),
        ("[].source", #"["shop"]"#), (#"[0].tags."a-b""#, #""1""#), (#"[].tags."a-b""#, #"["1"]"#),
        ("[2]", "null"), ("[0].source", "null"), ("[0].source.name", "null"), ("[0].name[0]", "null"),
        ("[0].name[]", "null"), ("[1].{x:local.notes[0]}", #"{"x": "x"}"#),
        ("[].{ id : local.id, n:name }", #"[{"id": "a1", "n": "shop"}, {"id": "b2", "n": "copy"}]"#),
    ])
    func `takes the part that is named`(_ path: String, _ expected: String) throws {
        #expect(try part(path) == JSONValue.parse(expected))
    }

    @Test func `refuses a name that is nowhere, and says which there are`() throws {
        for path in ["[0].nam", "[].nam", "[].local.idd", "[].{n:nam}"] {
            #expect(throws: Problem.self, "\(path)") { try part(path) }
        }
        let problem = #expect(throws: Problem.self) { try part("[0].local.idd") }
        #expect(problem?.code == .usage && problem?.detail == "there are id, notes")
        // Of a list without items nobody can tell.
        #expect(try part("[].nam", of: "[]") == .array([]))
    }

    @Test(arguments: [
        "", ".name", "name.", "[", "[a]", "[?name=='shop']", "[].name | [0]", "length(@)", "*.name", "[0:2]",
        "[*].local.notes[*]", "[0].[name]", "{n:name", "{n}", "{n:[].name}", "a b", "'x'",
    ])
    func `refuses what it does not understand`(_ path: String) {
        #expect(throws: (any Error).self) { try QueryPath(path) }
    }

    @Test func `prints the part in every format for programs, and nothing for null`() throws {
        let report = Report(value: try JSONValue.parse(Self.servers), view: .plain("table"))
        func text(_ path: String, _ format: OutputFormat) throws -> String {
            try report.render(format, query: QueryPath(path))
        }
        #expect(try text("[].name", .tsv) == "shop\ncopy\n")
        #expect(try text("[1].local.id", .tsv) == "b2\n")
        #expect(try text("[0].local", .json) == "{\n  \"id\": \"a1\",\n  \"notes\": []\n}\n")
        #expect(try text("[0].source", .json) == "" && text("[0].source", .tsv) == "")
    }

    @Test func `goes with no table, and has JSON printed where nothing else is asked for`() throws {
        let global = try GlobalOptions.parse(["--query", "local.id"])
        #expect(global.format == .json && global.query?.steps == [.member("local"), .member("id")])
        #expect(throws: (any Error).self) { try GlobalOptions.parse(["--query", "local.id", "-o", "table"]) }
    }
}
