import Foundation
import TestKit
import Testing

@testable import Platform

/// What is kept of files counts for the very version that was read.
@Suite(.timeLimit(.minutes(5)))
struct FileMemoryTests {
    private let scratch: ScratchDirectory
    private let path: String

    init() throws {
        scratch = try ScratchDirectory("memory")
        path = scratch.file("file")
    }

    /// Reads through memory, and counts how often the file itself is read.
    private final class Reader {
        /// As if every file had been changed long ago.
        let memory: FileMemory<[UInt8]>
        private(set) var readings = 0

        init(limit: Int = 1000, tick: Int = -10) {
            memory = FileMemory(limit: limit, tick: tick)
        }

        func read(_ path: String) throws(Problem) -> [UInt8]? {
            try FileMemory.value(of: path, keptIn: memory) { (file) throws(Problem) in
                readings += 1
                return try DurableFiles.contents(of: file)
            }
        }
    }

    @Test func `a file is read once as long as it stays as it is`() throws {
        let reader = Reader()
        try DurableFiles.write([1, 2], to: path, durable: false)
        for _ in 0..<3 { #expect(try reader.read(path) == [1, 2]) }
        #expect(reader.readings == 1)
    }

    @Test func `other content of the same size is seen, also with the times that it had`() throws {
        let reader = Reader()
        try DurableFiles.write([1, 2], to: path, durable: false)
        #expect(try reader.read(path) == [1, 2])
        let modified = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try FileClock.awaitTick(in: scratch)
        try OpenFile(updating: path).write([1, 3], at: 0)
        try FileManager.default.setAttributes([.modificationDate: try #require(modified)], ofItemAtPath: path)
        #expect(try reader.read(path) == [1, 3])
    }

    @Test func `what was replaced, removed or cut off is never answered from memory`() throws {
        let reader = Reader()
        try DurableFiles.write([1, 2], to: path, durable: false)
        #expect(try reader.read(path) == [1, 2])
        try DurableFiles.write([3, 4], to: path + ".new", durable: false)
        try DurableFiles.rename(path + ".new", to: path)
        #expect(try reader.read(path) == [3, 4])
        try FileClock.awaitTick(in: scratch)
        try OpenFile(updating: path).truncate(to: 1)
        #expect(try reader.read(path) == [3])
        try DurableFiles.removeFile(path)
        #expect(try reader.read(path) == nil)
        try DurableFiles.write([1, 2], to: path, durable: false)
        #expect(try reader.read(path) == [1, 2])
        // The folder that it is in, as a backup is deleted.
        let folder = scratch.file("folder")
        try DurableFiles.makeDirectory(folder)
        try DurableFiles.write([5], to: folder + "/file", durable: false)
        #expect(try reader.read(folder + "/file") == [5])
        try DurableFiles.rename(folder, to: folder + ".deleting")
        #expect(try reader.read(folder + "/file") == nil)
    }

    /// A change within the tick of a file system's clock leaves size, number and times as they were.
    @Test func `what was changed a moment ago is read each time`() throws {
        let reader = Reader(tick: 2)
        try DurableFiles.write([0], to: path, durable: false)
        let file = try OpenFile(updating: path)
        for number in 0..<UInt8(200) {
            try file.write([number], at: 0)
            #expect(try reader.read(path) == [number])
        }
        #expect(reader.readings == 200)
    }

    @Test func `what was not asked for goes when there is no more room`() throws {
        let reader = Reader(limit: 8)
        let paths = (0..<10).map { scratch.file("file-\($0)") }
        for path in paths { try DurableFiles.write([7], to: path, durable: false) }
        for path in paths {
            _ = try reader.read(paths[0])
            _ = try reader.read(path)
        }
        #expect(reader.readings == 10)
        _ = try reader.read(paths[0])
        #expect(reader.readings == 10)
        _ = try reader.read(paths[1])
        #expect(reader.readings == 11)
        // What is larger than all the room is not kept.
        try DurableFiles.write([UInt8](repeating: 7, count: 100), to: path, durable: false)
        _ = try reader.read(path)
        _ = try reader.read(path)
        #expect(reader.readings == 13)
    }

    @Test(arguments: [(400, true), (501, true), (1000, true), (1001, false)])
    func `one value may have all the room, and none has more`(_ weight: Int, _ isKept: Bool) throws {
        let memory = FileMemory<Int>(limit: 1000, tick: -10)
        try DurableFiles.write([1], to: path, durable: false)
        var made = 0
        func value() -> Int? {
            FileMemory.value("large", of: [path], keptIn: memory, weight: { _ in weight }) {
                made += 1
                return made
            }
        }
        #expect(value() == 1)
        #expect(value() == (isKept ? 1 : 2))
        // What was kept before others that take more than all the room together is not there any more.
        for name in ["other", "third"] {
            _ = FileMemory.value(name, of: [path], keptIn: memory, weight: { _ in weight }) { 7 }
        }
        let before = made
        #expect(value() == before + 1)
    }

    @Test func `a value that takes more than half of the room leaves the rest to the others`() throws {
        let memory = FileMemory<Int>(limit: 1000, tick: -10)
        try DurableFiles.write([1], to: path, durable: false)
        var made = 0
        func ask(_ name: String, _ weight: Int) {
            _ = FileMemory.value(name, of: [path], keptIn: memory, weight: { _ in weight }) {
                made += 1
                return made
            }
        }
        for round in 0..<3 {
            ask("small", 100)
            ask("large", 600)
            ask("middle", 250)
            #expect(made == 3, "round \(round)")
        }
        // What nobody asked for for the longest time goes, and no more than that.
        ask("small", 100)
        ask("middle", 250)
        ask("new", 300)
        #expect(made == 4)
        for name in ["small", "middle", "new"] { ask(name, 1) }
        #expect(made == 4)
        ask("large", 600)
        #expect(made == 5)
    }

    @Test func `what cannot be read is not kept`() throws {
        let memory = FileMemory<[UInt8]>(limit: 1000, tick: -10)
        try DurableFiles.write([1], to: path, durable: false)
        var readings = 0
        for _ in 0..<2 {
            #expect(throws: Problem.self) {
                try FileMemory.value(of: path, keptIn: memory) { (_) throws(Problem) -> [UInt8] in
                    readings += 1
                    throw Problem(.stateDamaged, "damaged")
                }
            }
        }
        #expect(readings == 2)
    }

    @Test func `what is made of several files is made anew when one comes, changes or goes`() throws {
        let memory = FileMemory<Int>(limit: 1000, tick: -10)
        let paths = [path, scratch.file("other"), scratch.file("folder")]
        var made = 0
        func value() -> Int? {
            FileMemory.value("sum", of: paths, keptIn: memory) {
                made += 1
                return made
            }
        }
        #expect(value() == 1)
        #expect(value() == 1)
        try DurableFiles.write([1], to: path, durable: false)
        #expect(value() == 2)
        try DurableFiles.makeDirectory(paths[2])
        #expect(value() == 3)
        try FileClock.awaitTick(in: scratch)
        try DurableFiles.write([1], to: paths[2] + "/file", durable: false)
        #expect(value() == 4)
        #expect(value() == 4)
        try DurableFiles.removeFile(path)
        #expect(value() == 5)
        // Nothing is kept of what cannot be made.
        func nothing() -> Int? {
            FileMemory.value("nothing", of: paths, keptIn: memory) {
                made += 1
                return nil
            }
        }
        #expect(nothing() == nil && nothing() == nil && made == 7)
    }

    /// Of a folder: the content of the file in it, and how often that was asked for.
    private func ask(_ memory: FileMemory<[UInt8]>, _ readings: inout Int) throws -> [UInt8] {
        let folder = DurableFiles.parent(of: path) + "/folder"
        return try FileMemory.value(
            "all", inFolders: { _ in [folder] }, keptIn: memory, weight: \.count
        ) { (_, _) throws(Problem) in
            readings += 1
            var bytes: [UInt8] = []
            for name in try DurableFiles.list(folder) { bytes += try DurableFiles.read(folder + "/" + name) }
            return bytes
        }
    }

    @Test(arguments: [0, 1e9])
    func `what is made of a folder follows it at once, and what is written into a file after the patience`(
        _ patience: Double
    ) throws {
        let folder = DurableFiles.parent(of: path) + "/folder"
        try DurableFiles.makeDirectories(folder)
        let memory = FileMemory<[UInt8]>(limit: 1000, tick: -10, patience: patience)
        var readings = 0
        try DurableFiles.write([1], to: folder + "/a", durable: false)
        for _ in 0..<3 { #expect(try ask(memory, &readings) == [1]) }
        #expect(readings == (patience > 0 ? 1 : 3))
        try FileClock.awaitTick(in: scratch)
        try DurableFiles.write([2], to: folder + "/b", durable: false)
        #expect(try ask(memory, &readings) == [1, 2])
        try FileClock.awaitTick(in: scratch)
        try OpenFile(updating: folder + "/a").write([3], at: 0)
        #expect(try ask(memory, &readings) == (patience > 0 ? [1, 2] : [3, 2]))
        try DurableFiles.removeFile(folder + "/b")
        #expect(try ask(memory, &readings) == [3])
        try DurableFiles.removeTree(folder)
        #expect(throws: Problem.self) { try ask(memory, &readings) }
    }

    @Test func `a folder that was changed a moment ago is looked at again`() throws {
        let folder = DurableFiles.parent(of: path) + "/folder"
        try DurableFiles.makeDirectories(folder)
        let memory = FileMemory<[UInt8]>(limit: 1000, tick: 1_000_000, patience: 1e9)
        var readings = 0
        for _ in 0..<2 { #expect(try ask(memory, &readings).isEmpty) }
        #expect(readings == 2)
    }

    /// What is made of the names in a folder, and how often that was done.
    private final class Names: Sendable {
        let folder: String
        let memory = FileMemory<[String]>(limit: 1000, tick: -10, patience: 1e9)
        let made = Monitor(0)
        let asked = Monitor(0)

        init(_ folder: String) {
            self.folder = folder
        }

        func ask(_ name: String = "names", _ body: () throws(Problem) -> Void) throws(Problem) -> [String] {
            asked.change { $0 += 1 }
            return try FileMemory.value(
                name, inFolders: { [folder] _ in [folder] }, keptIn: memory, weight: \.count
            ) { (_, _) throws(Problem) in
                let names = try DurableFiles.list(folder)
                made.change { $0 += 1 }
                try body()
                return names
            }
        }
    }

    @Test func `many who ask for the same at once have it made once, and hold nobody else up`() throws {
        try DurableFiles.makeDirectory(scratch.file("folder"))
        let names = Names(scratch.file("folder"))
        try DurableFiles.write([1], to: names.folder + "/a", durable: false)
        try Workers.run(8) { (_) throws(Problem) in
            let told = try names.ask { () throws(Problem) in
                // The others have come, and wait.
                _ = names.asked.wait { $0 >= 8 ? true : nil }
                _ = try names.ask("others") {}
            }
            #expect(told == ["a"])
        }
        #expect(names.made.wait { $0 } == 2)
    }

    @Test func `whoever asks while it is made is told what came since`() throws {
        try DurableFiles.makeDirectory(scratch.file("folder"))
        let names = Names(scratch.file("folder"))
        try DurableFiles.write([1], to: names.folder + "/a", durable: false)
        let scratch = scratch
        try Workers.run(2) { (number) throws(Problem) in
            guard number == 0 else {
                // The folder has been listed, and is another one by now.
                _ = names.made.wait { $0 >= 2 ? true : nil }
                let told = try names.ask {}
                #expect(told == ["a", "b"])
                return
            }
            let told = try names.ask { () throws(Problem) in
                try FileClock.awaitTick(in: scratch)
                try DurableFiles.write([1], to: names.folder + "/b", durable: false)
                names.made.change { $0 += 1 }
                _ = names.asked.wait { $0 >= 2 ? true : nil }
            }
            #expect(told == ["a"])
        }
    }
}
