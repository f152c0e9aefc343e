import Platform

/// The content of a file of a repository of pgBackRest that is kept as blocks, or of which no program may
/// read on to what follows it in a bundle.
///
/// Super blocks are taken in the order in which the map has them, several of a backup at a time: of each
/// backup no more is held than the one that was read last, and of as many backups as fit into the limits.
final class BlockContent {
    /// What is held at once, however many backups the blocks are of.
    struct Limits {
        /// Of super blocks that were unpacked.
        var heldBytes: UInt64 = 1 << 30
        /// Programs that unpack, each with what it is to unpack.
        var programs = 4
        var openFiles = 128
    }

    /// So much is handed to a program that unpacks, unless one super block is longer.
    private static let mostStoredBytes: UInt64 = 1 << 22
    /// What gzip puts in front of what it packs, without a name and a time; behind it are eight bytes.
    private static let gzipHeader: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    private struct Source {
        /// Super blocks that were not read yet.
        var places: ArraySlice<Int>
        /// The super block that was read last.
        var last: Int?
        /// Has the next of them; nil where none is begun.
        var unpacked: UnpackedFile?
        var left = 0
        /// Whether its program was ended before all was read: it would be again, and gets one at a time.
        var isCrowded = false
        /// Nil where it was dropped, and is read again when it is wanted.
        var content: RoomForBlock?
        /// The higher, the later.
        var used = 0
    }

    private let file: BackrestBackup.File
    private let map: BlockMap
    private let backup: BackrestBackup
    private let cancellation: CancellationFlag
    private let limits: Limits
    private var places: FoundPlaces
    private var sources: [Int: Source] = [:]
    private var opened: [String: OpenFile] = [:]
    /// Blocks.
    private var read = 0
    /// In all sources.
    private(set) var heldBytes: UInt64 = 0
    private(set) var programs = 0
    private var uses = 0

    /// Throws `.backupDamaged` for what has no map.
    init(
        _ file: BackrestBackup.File, _ backup: BackrestBackup, _ cancellation: CancellationFlag,
        limits: Limits = Limits()
    ) throws(Problem) {
        self.file = file
        self.limits = limits
        self.backup = backup
        self.cancellation = cancellation
        places = FoundPlaces(root: backup.folder)
        guard let blocks = file.blocks else {
            guard file.storedBytes <= BlockMap.mostStoredBytes(of: file.size) else {
                throw Self.damaged("is longer in its bundle than its content can be when it is packed")
            }
            map = BlockMap(
                BlockMap.SuperBlock(
                    reference: 0, bundle: 0, offset: file.offset ?? 0, storedBytes: file.storedBytes,
                    bytes: file.size))
            sources[0] = Source(places: [0])
            return
        }
        guard file.storedBytes >= blocks.mapBytes else { throw Self.damaged("has no map of its blocks") }
        let start = (file.offset ?? 0) + file.storedBytes - blocks.mapBytes
        guard let lies = places.status(file.place) else {
            throw Self.damaged("is missing: there is no file '\(file.place)'")
        }
        let bytes = try Self.bytes(
            of: FoundFolder.open(backup.folder + "/" + file.place, lies), at: start, count: blocks.mapBytes)
        do throws(BlockMap.Malformed) {
            map = try BlockMap(
                bytes, blockBytes: blocks.blockBytes, checksumBytes: blocks.checksumBytes,
                count: blocks.count(of: file.size))
        } catch {
            throw Self.damaged("has a map of its blocks that cannot be read")
        }
        for (place, superBlock) in map.superBlocks.enumerated() {
            sources[superBlock.reference, default: Source(places: [])].places.append(place)
        }
    }

    /// The next piece of it; nil at its end. It is there until the next one is asked for.
    ///
    /// Throws `.backupDamaged` with what is wrong in words.
    func next() throws(Problem) -> UnsafeRawBufferPointer? {
        guard read < map.blocks.count else { return nil }
        try cancellation.check()
        let block = map.blocks[read]
        let content = try superBlock(block.place)
        let blockBytes = file.blocks?.blockBytes ?? file.size
        let start = Int(block.number * blockBytes)
        let count = Int(min(blockBytes, file.size - UInt64(read) * blockBytes))
        guard start + count <= content.count else { throw Self.damaged("has a block that is too short") }
        read += 1
        return UnsafeRawBufferPointer(rebasing: content[start..<start + count])
    }

    private func superBlock(_ place: Int) throws(Problem) -> UnsafeRawBufferPointer {
        let wanted = map.superBlocks[place]
        guard var source = sources.removeValue(forKey: wanted.reference) else {
            throw Self.damaged("has a block of no backup")
        }
        defer { sources[wanted.reference] = source }
        uses += 1
        source.used = uses
        if source.last == place, let content = source.content { return content.bytes }
        let isAgain = source.last == place
        guard isAgain || source.places.popFirst() == place else {
            throw Self.damaged("has its blocks in no order")
        }
        source.last = place
        heldBytes -= source.content?.count ?? 0
        source.content = nil
        dropContents(for: wanted.bytes)
        let content = RoomForBlock(count: Int(wanted.bytes))
        if backup.packing == nil {
            guard try open(wanted).read(into: content.room, at: wanted.offset) == content.room.count else {
                throw Self.damaged("is cut off")
            }
        } else if isAgain {
            // Its program is further on, if it has one.
            endPrograms()
            guard try unpack(packed(wanted, []).bytes).read(into: content.room) == content.room.count else {
                throw Self.damaged("cannot be unpacked")
            }
        } else {
            try readNext(wanted, of: &source, into: content.room)
        }
        heldBytes += content.count
        source.content = content
        return content.bytes
    }

    /// Of a source that is not in `sources`.
    private func readNext(
        _ wanted: BlockMap.SuperBlock, of source: inout Source, into room: UnsafeMutableRawBufferPointer
    ) throws(Problem) {
        if source.unpacked == nil {
            endPrograms()
            let (packed, count) = try packed(wanted, source.isCrowded ? [] : source.places)
            source.unpacked = try unpack(packed)
            source.left = count
            programs += 1
        }
        source.left -= 1
        guard try source.unpacked?.read(into: room) == room.count else {
            throw Self.damaged("cannot be unpacked")
        }
        guard source.left == 0 else { return }
        source.unpacked = nil
        programs -= 1
    }

    private func unpack(_ packed: [UInt8]) throws(Problem) -> UnpackedFile {
        let unpacked = try UnpackedFile(
            OpenFile(holding: packed, as: file.place), cancellation: cancellation)
        guard let packing = backup.packing, unpacked.packing == packing else {
            throw Self.damaged("is not packed with \(backup.packing?.rawValue ?? ""), as its manifest says")
        }
        return unpacked
    }

    // MARK: Limits

    /// Drops what was not wanted for the longest time, until so much more may be held.
    private func dropContents(for bytes: UInt64) {
        while heldBytes > 0, heldBytes + bytes > limits.heldBytes {
            guard let oldest = oldest(where: { $0.content != nil }) else { return }
            heldBytes -= sources[oldest]?.content?.count ?? 0
            sources[oldest]?.content = nil
        }
    }

    /// Ends the programs that were not wanted for the longest time, until there may be one more.
    private func endPrograms() {
        while programs >= limits.programs {
            guard let oldest = oldest(where: { $0.unpacked != nil }) else { return }
            sources[oldest]?.unpacked = nil
            sources[oldest]?.left = 0
            sources[oldest]?.isCrowded = true
            programs -= 1
        }
    }

    private func oldest(where holds: (Source) -> Bool) -> Int? {
        sources.filter { holds($0.value) }.min { $0.value.used < $1.value.used }?.key
    }

    // MARK: What is stored

    /// A super block and some behind it as they are packed, and how many they are.
    private func packed(
        _ first: BlockMap.SuperBlock, _ behind: ArraySlice<Int>
    ) throws(Problem) -> (bytes: [UInt8], count: Int) {
        let bytes = try Self.bytes(of: open(first), at: first.offset, count: first.storedBytes)
        if backup.packing == .gzip, file.blocks != nil || file.isRaw {
            return (try Self.gzip(bytes), 1)
        }
        var all = bytes
        var count = 1
        for place in behind {
            let next = map.superBlocks[place]
            guard UInt64(all.count) + next.storedBytes <= Self.mostStoredBytes else { break }
            all += try Self.bytes(of: open(next), at: next.offset, count: next.storedBytes)
            count += 1
        }
        return (all, count)
    }

    /// What zlib's format has, as gzip's. The checksum behind it is wrong, of which gzip tells when it has
    /// written all: nothing can follow, and who reads on notices. The SHA-1 of the file tells more.
    private static func gzip(_ bytes: [UInt8]) throws(Problem) -> [UInt8] {
        let isZlib =
            bytes.count > 6 && bytes[0] & 0x0F == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
            && bytes[1] & 0x20 == 0
        guard isZlib else { throw damaged("is not packed as its manifest says") }
        return gzipHeader + bytes.dropFirst(2) + [UInt8](repeating: 0, count: 8)
    }

    private func open(_ superBlock: BlockMap.SuperBlock) throws(Problem) -> OpenFile {
        var place = file.place
        if file.blocks != nil {
            guard backup.references.indices.contains(superBlock.reference) else {
                throw Self.damaged("has blocks of a backup that its manifest does not name")
            }
            let label = backup.references[superBlock.reference]
            place =
                superBlock.bundle == 0
                ? "\(label)/\(file.key).pgbi" : "\(label)/bundle/\(superBlock.bundle)"
        }
        if let known = opened[place] { return known }
        guard let status = places.status(place) else {
            throw Self.damaged("has blocks in '\(place)', which is missing")
        }
        let file = try FoundFolder.open(backup.folder + "/" + place, status)
        if opened.count >= limits.openFiles { opened.removeAll() }
        opened[place] = file
        return file
    }

    private static func bytes(of file: OpenFile, at offset: UInt64, count: UInt64) throws(Problem) -> [UInt8]
    {
        let end = offset.addingReportingOverflow(count)
        guard !end.overflow, end.partialValue <= (try file.size()) else { throw damaged("is cut off") }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        var span = bytes.mutableSpan
        let got = try span.withUnsafeMutableBytes { (room) throws(Problem) in
            try file.read(into: room, at: offset)
        }
        guard got == bytes.count else { throw damaged("changes while it is read") }
        return bytes
    }

    private static func damaged(_ words: String) -> Problem { Problem(.backupDamaged, words) }
}

/// The super block of a backup that was read last.
private final class RoomForBlock {
    private let buffer: RawBuffer

    var room: UnsafeMutableRawBufferPointer { buffer.bytes }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(buffer.bytes) }
    var count: UInt64 { UInt64(buffer.bytes.count) }

    init(count: Int) {
        buffer = RawBuffer(count: count)
    }
}
