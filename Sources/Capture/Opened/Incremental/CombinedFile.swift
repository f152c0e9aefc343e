import Platform

/// A relation's file put together from the newest incremental backup and those before it, block by block: of
/// each the newest, and what no backup has is zeros.
///
/// The server says nothing of blocks that were never written; they were zeros, or before the full backup.
struct CombinedFile {
    private struct Source {
        /// Of `files`; nil for zeros.
        var file: Int?
        var offset: UInt64
    }

    private let files: [FoundRange]
    private let blocks: [Source]
    /// What is missing, in words; nil where nothing is.
    let damage: String?

    /// - Parameters:
    ///   - newest: of the newest backup.
    ///   - path: in the data directory, as the whole file is named.
    ///   - trees: those of the backups before, the oldest first.
    ///
    /// Throws `.backupDamaged`.
    init(_ newest: IncrementalFile, _ path: String, in trees: [FoundTree]) throws(Problem) {
        var map = Map(newest)
        damage = try Self.fill(&map, path, trees)
        files = map.files
        blocks = map.blocks.map { $0 ?? Source(file: nil, offset: 0) }
    }

    /// Which block comes from where, as far as that is known.
    private struct Map {
        var files: [FoundRange]
        /// Nil where an older backup may have it.
        var blocks: [Source?]
        /// Older backups are asked for those before this one alone.
        let length: Int

        init(_ newest: IncrementalFile) {
            length = Int(newest.length)
            files = [newest.file]
            let most = newest.blocks.max().map { Int($0) + 1 } ?? 0
            blocks = Array(repeating: nil, count: max(length, most))
            for (place, number) in newest.blocks.enumerated() {
                blocks[Int(number)] = Source(file: 0, offset: newest.offset(place))
            }
        }

        mutating func add(_ file: FoundRange, _ parts: some Sequence<(number: Int, offset: UInt64)>) {
            for (number, offset) in parts where number < length && blocks[number] == nil {
                blocks[number] = Source(file: files.count, offset: offset)
            }
            files.append(file)
        }
    }

    /// What is missing, in words.
    private static func fill(
        _ map: inout Map, _ path: String, _ trees: [FoundTree]
    ) throws(Problem) -> String? {
        for tree in trees.reversed() {
            if let whole = try tree.file(path) {
                let count = min(map.length, Int(clamping: whole.size / IncrementalFile.blockBytes))
                map.add(whole, (0..<count).lazy.map { ($0, UInt64($0) * IncrementalFile.blockBytes) })
                return nil
            }
            guard let part = try tree.file(IncrementalFile.path(ofWhole: path)) else {
                return "is missing in '\(tree.path)', which it goes on from"
            }
            let earlier = try IncrementalFile(part)
            map.add(
                earlier.file,
                earlier.blocks.enumerated().lazy.map { (Int($0.element), earlier.offset($0.offset)) })
        }
        return "is whole in none of the backups"
    }

    /// Hands on all of it, in pieces of whole blocks.
    func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let most = 128
        let room = RawBuffer(count: most * Int(IncrementalFile.blockBytes))
        var next = 0
        while next < blocks.count {
            let first = blocks[next]
            var count = 1
            while count < most, next + count < blocks.count,
                isNext(blocks[next + count], after: first, by: count)
            {
                count += 1
            }
            let bytes = UnsafeMutableRawBufferPointer(
                rebasing: room.bytes[..<(count * Int(IncrementalFile.blockBytes))])
            if let file = first.file {
                guard try files[file].read(into: bytes, at: first.offset) == bytes.count else {
                    throw Problem(.backupDamaged, "'\(files[file].place)' changes while it is read")
                }
            } else {
                _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
            }
            try body(UnsafeRawBufferPointer(bytes))
            next += count
        }
    }

    private func isNext(_ block: Source, after first: Source, by count: Int) -> Bool {
        guard block.file == first.file else { return false }
        return first.file == nil || block.offset == first.offset + UInt64(count) * IncrementalFile.blockBytes
    }
}
