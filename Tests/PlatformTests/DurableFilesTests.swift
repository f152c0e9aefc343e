import Platform
import TestKit
import Testing

@Suite struct DurableFilesTests {
    @Test func `writing replaces a file as one step and leaves no temporary one`() throws {
        let scratch = try ScratchDirectory("files")
        let path = scratch.file("a")
        try DurableFiles.write([1, 2, 3], to: path)
        try DurableFiles.write([4], to: path)
        #expect(try DurableFiles.read(path) == [4])
        #expect(try DurableFiles.list(scratch.path) == ["a"])
        #expect(DurableFiles.status(path)?.permissions == 0o600)
    }

    @Test func `writing without replacing keeps what is there`() throws {
        let scratch = try ScratchDirectory("files")
        let path = scratch.file("a")
        try DurableFiles.write([1], to: path, replacing: false)
        let problem = #expect(throws: Problem.self) {
            try DurableFiles.write([2], to: path, replacing: false)
        }
        #expect(problem?.code == .archiveConflict)
        #expect(try DurableFiles.read(path) == [1])
        #expect(try DurableFiles.list(scratch.path) == ["a"])
    }

    @Test func `a rename without replacing answers false when the name is taken`() throws {
        let scratch = try ScratchDirectory("files")
        try DurableFiles.write([1], to: scratch.file("a"))
        try DurableFiles.write([2], to: scratch.file("b"))
        #expect(try !DurableFiles.renameIfFree(scratch.file("a"), to: scratch.file("b")))
        #expect(try DurableFiles.renameIfFree(scratch.file("a"), to: scratch.file("c")))
        #expect(try DurableFiles.list(scratch.path) == ["b", "c"])
        #expect(try DurableFiles.read(scratch.file("b")) == [2])
    }

    @Test func `makes directories above, and says whether it made one`() throws {
        let scratch = try ScratchDirectory("files")
        try DurableFiles.makeDirectories(scratch.file("a/b/c"))
        #expect(try !DurableFiles.makeDirectory(scratch.file("a/b/c")))
        #expect(DurableFiles.status(scratch.file("a/b/c"))?.kind == .directory)
        try DurableFiles.write([], to: scratch.file("a/f"))
        #expect(throws: Problem.self) { try DurableFiles.makeDirectory(scratch.file("a/f")) }
    }

    @Test func `removes a tree without following links`() throws {
        let scratch = try ScratchDirectory("files")
        try DurableFiles.makeDirectories(scratch.file("tree/sub"))
        try DurableFiles.makeDirectories(scratch.file("outside"))
        try DurableFiles.write([1], to: scratch.file("outside/kept"))
        try DurableFiles.write([1], to: scratch.file("tree/sub/f"))
        try SystemCommands().runChecked(
            Command("ln", ["-s", scratch.file("outside"), scratch.file("tree/link")]))
        try DurableFiles.removeTree(scratch.file("tree"))
        try DurableFiles.removeTree(scratch.file("tree"))
        #expect(try DurableFiles.list(scratch.path) == ["outside"])
        #expect(try DurableFiles.read(scratch.file("outside/kept")) == [1])
    }

    @Test func `a missing file is nil where asked for, else a problem with the path`() throws {
        let scratch = try ScratchDirectory("files")
        #expect(try DurableFiles.readIfPresent(scratch.file("no")) == nil)
        #expect(try !DurableFiles.removeFile(scratch.file("no")))
        #expect(try DurableFiles.listIfPresent(scratch.file("no")).isEmpty)
        let problem = #expect(throws: Problem.self) { try DurableFiles.read(scratch.file("no")) }
        #expect(problem?.message.contains(scratch.file("no")) == true)
        #expect(problem?.message.contains("No such file") == true)
    }

    @Test func `refuses to read a file that is larger than it can be`() throws {
        let scratch = try ScratchDirectory("files")
        try DurableFiles.write([1, 2, 3], to: scratch.file("a"))
        let problem = #expect(throws: Problem.self) { try DurableFiles.read(scratch.file("a"), limit: 2) }
        #expect(problem?.code == .stateDamaged)
    }

    @Test func `a full disk is told as such`() {
        #expect(Problem.system("cannot write", "/x", 28).code == .insufficientStorage)
        #expect(Problem.system("cannot write", "/x", 5).code == .system)
    }

    @Test(arguments: [("/a/b", "/a"), ("/a", "/"), ("a", "."), ("a/b", "a")])
    func `knows the directory of a path`(path: String, expected: String) {
        #expect(DurableFiles.parent(of: path) == expected)
    }

    @Test func `free space of a file system is more than nothing`() throws {
        #expect(try DurableFiles.freeBytes("/tmp") > 0)
        #expect(throws: Problem.self) { try DurableFiles.freeBytes("/nonexistent/x") }
    }
}
