import Instance
import Platform
import TestKit
import Testing

struct ServerLogTests {
    @Test func `lines with a mark are found wherever they lie, in the order of the files`() throws {
        let scratch = try ScratchDirectory("serverlog")
        let paths = InstancePaths(
            data: scratch.file("data"), conf: scratch.file("conf"), log: try scratch.directory("log"),
            socketDirectory: scratch.file("s"))
        // Over several pieces of what is read at once, with lines across them.
        let filler = String(repeating: "noise of some length\n", count: 60_000)
        func write(_ text: String, _ name: String) throws {
            try DurableFiles.write(Array(text.utf8), to: paths.log + "/" + name, durable: false)
        }
        try write(
            "a mark 3\nno\n" + filler + "b mark 4 mark\n" + filler + "mark 5", "postgresql-2026-11-30.log")
        try write("mark 1\n\nmark 2\n", "postgresql-2026-11-29.log")
        var found: [String] = []
        try ServerLog(paths: paths).lines(containing: ["mark"]) { found.append($0) }
        #expect(found == ["mark 1", "mark 2", "a mark 3", "b mark 4 mark", "mark 5"])
    }
}
