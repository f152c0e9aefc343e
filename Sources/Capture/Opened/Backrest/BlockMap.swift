import PostgresFormat

/// Where the blocks of a file lie that pgBackRest keeps as blocks that changed (`repo-block`): each in a
/// super block, which is packed by itself, of this backup or of one before it.
///
/// The map is numbers of seven bits a byte, the lowest first, and checksums, which are passed over: the
/// SHA-1 of the whole file tells more. Backups ("references") follow each other with their super blocks,
/// these with their blocks; what was said of a backup before is not said again.
struct BlockMap {
    /// A map that cannot be one.
    struct Malformed: Error {}

    struct SuperBlock: Hashable {
        /// Among the backups that the manifest lists.
        var reference: Int
        /// 0 in a file of its own.
        var bundle: UInt64
        /// Where it begins there, and how long it is, packed.
        var offset: UInt64
        var storedBytes: UInt64
        /// Unpacked.
        var bytes: UInt64
    }

    struct Block: Hashable {
        /// In `superBlocks`.
        var place: Int
        /// In the super block.
        var number: UInt64
    }

    /// More than any file of a server or of a repository has.
    private static let most: UInt64 = 1 << 46
    /// Of a file: a relation's segment of 32 GiB in blocks of a page has as many.
    static let mostBlocks: UInt64 = 1 << 22
    /// What a super block has at most, unpacked.
    static let mostSuperBlockBytes: UInt64 = 1 << 26

    /// What content has at most when it is packed: no packer makes it much longer.
    static func mostStoredBytes(of bytes: UInt64) -> UInt64 { bytes + bytes / 8 + 65_536 }

    /// Of each backup in the order in which they lie there.
    private(set) var superBlocks: [SuperBlock] = []
    /// Of the file, in order.
    private(set) var blocks: [Block] = []

    /// Of a file that is one block.
    init(_ only: SuperBlock) {
        superBlocks = [only]
        blocks = [Block(place: 0, number: 0)]
    }

    /// - Parameters:
    ///   - blockBytes: what a block has, but for the last one.
    ///   - checksumBytes: of a block.
    ///   - count: how many blocks the file has.
    init(
        _ bytes: [UInt8], blockBytes: UInt64, checksumBytes: Int, count: UInt64
    ) throws(Malformed) {
        var reading = Reading(
            bytes: bytes[...], blockBytes: blockBytes, checksumBytes: checksumBytes, most: count)
        // The lowest bit is the version.
        guard try reading.number() & 1 == 0 else { throw Malformed() }
        while try !reading.reference(into: &superBlocks, &blocks) {}
        guard reading.bytes.isEmpty, UInt64(blocks.count) == count else { throw Malformed() }
    }

    /// What was said last of a backup.
    private struct Known {
        var superBlock: SuperBlock
        /// The next block in it.
        var block: UInt64 = 0
        var place: Int?
    }

    private struct Reading {
        var bytes: ArraySlice<UInt8>
        let blockBytes: UInt64
        let checksumBytes: Int
        let most: UInt64
        private var known: [Int: Known] = [:]
        private var lastStoredBytes: UInt64 = 0

        init(bytes: ArraySlice<UInt8>, blockBytes: UInt64, checksumBytes: Int, most: UInt64) {
            self.bytes = bytes
            self.blockBytes = blockBytes
            self.checksumBytes = checksumBytes
            self.most = most
        }

        mutating func number() throws(Malformed) -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                guard let byte = bytes.popFirst(), shift < 63 else { throw Malformed() }
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
            }
        }

        private mutating func bounded() throws(Malformed) -> UInt64 {
            let value = try number()
            guard value <= BlockMap.most else { throw Malformed() }
            return value
        }

        /// Whether it was the last one.
        mutating func reference(
            into superBlocks: inout [SuperBlock], _ blocks: inout [Block]
        ) throws(Malformed) -> Bool {
            let head = try number()
            guard let reference = Int(exactly: head >> 3), reference < 1 << 20 else { throw Malformed() }
            var goesOn = false
            var now: Known
            if let before = known[reference] {
                now = before
                goesOn = head & 2 != 0
                if !goesOn {
                    now.superBlock.offset += now.superBlock.storedBytes
                    if head & 4 != 0 { now.superBlock.offset += try bounded() }
                }
            } else {
                now = Known(
                    superBlock: SuperBlock(
                        reference: reference, bundle: 0, offset: 0, storedBytes: 0, bytes: blockBytes))
                if head & 2 != 0 { now.superBlock.bundle = try number() }
                if head & 4 != 0 { now.superBlock.offset = try bounded() }
            }
            var isFirst = true
            var isLast = false
            while !isLast {
                var hasTotal = true
                if goesOn {
                    isLast = head & 4 != 0
                    goesOn = false
                } else {
                    let flags = try superBlock(&now, isFirst: isFirst)
                    isLast = flags & 1 != 0
                    hasTotal = flags & 4 != 0
                    superBlocks.append(now.superBlock)
                    now.place = superBlocks.count - 1
                }
                isFirst = false
                lastStoredBytes = now.superBlock.storedBytes
                try self.blocks(of: &now, hasTotal: hasTotal, into: &blocks)
            }
            known[reference] = now
            return head & 1 != 0
        }

        /// Reads what is said of a super block; answers its flags.
        private mutating func superBlock(_ now: inout Known, isFirst: Bool) throws(Malformed) -> UInt64 {
            let head = try number()
            if !isFirst { now.superBlock.offset += now.superBlock.storedBytes }
            var stored = head >> 3
            if lastStoredBytes != 0 {
                // Its difference from the one before; the lowest bit is the sign.
                let difference = Int64(bitPattern: stored >> 1) ^ -Int64(bitPattern: stored & 1)
                let sum = Int64(lastStoredBytes) + difference
                guard let positive = UInt64(exactly: sum) else { throw Malformed() }
                stored = positive
            }
            if head & 2 != 0 {
                let size = try bounded()
                guard size >> 1 <= BlockMap.mostSuperBlockBytes / blockBytes else { throw Malformed() }
                now.superBlock.bytes = (size >> 1) * blockBytes
                if size & 1 != 0 { now.superBlock.bytes += try bounded() }
            }
            now.superBlock.storedBytes = stored
            now.block = 0
            guard (1...BlockMap.mostSuperBlockBytes).contains(now.superBlock.bytes),
                (1...BlockMap.mostStoredBytes(of: now.superBlock.bytes)).contains(stored),
                now.superBlock.offset <= BlockMap.most
            else { throw Malformed() }
            return head
        }

        private mutating func blocks(
            of now: inout Known, hasTotal: Bool, into blocks: inout [Block]
        ) throws(Malformed) {
            let inSuperBlock = (now.superBlock.bytes + blockBytes - 1) / blockBytes
            var total = inSuperBlock
            if hasTotal {
                let head = try bounded()
                total = (head >> 1) + 1
                if head & 1 != 0 { now.block += try bounded() }
            }
            guard let place = now.place, now.block <= inSuperBlock, total <= inSuperBlock - now.block,
                UInt64(blocks.count) + total <= most, UInt64(bytes.count) >= total * UInt64(checksumBytes)
            else { throw Malformed() }
            for number in 0..<total { blocks.append(Block(place: place, number: now.block + number)) }
            bytes = bytes.dropFirst(Int(total) * checksumBytes)
            now.block += total
        }
    }
}
