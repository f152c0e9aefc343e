import Platform
import PostgresFormat

/// A relation's file in an incremental backup: the blocks that changed, and how long the file was.
///
/// Magic number, number of blocks and length in blocks, four bytes each, the blocks' numbers, zeros up to a
/// whole page where there are blocks, and the blocks.
struct IncrementalFile {
    static let prefix = "INCREMENTAL."
    static let blockBytes: UInt64 = 8192
    private static let magic: UInt32 = 0xD3AE_1F0D
    /// What a segment of a relation has, 1 GiB.
    static let mostBlocks: UInt32 = 131_072

    let file: FoundRange
    let blocks: [UInt32]
    /// Blocks before this one that it has not are those of the backup before it.
    let length: UInt32
    /// Where its blocks begin, in bytes.
    let begin: UInt64

    /// Throws `.backupDamaged` for what is none.
    init(_ file: FoundRange) throws(Problem) {
        let head = RawBuffer(count: 12)
        guard try file.read(into: head.bytes, at: 0) == 12, head.bytes.number(0) == Self.magic else {
            throw Self.damaged(file, "it does not begin as one")
        }
        let count = head.bytes.number(1)
        length = head.bytes.number(2)
        guard count <= Self.mostBlocks, length <= Self.mostBlocks else {
            throw Self.damaged(file, "it says that it has more blocks than a file can have")
        }
        let numbers = RawBuffer(count: max(4, Int(count) * 4))
        let wanted = UnsafeMutableRawBufferPointer(rebasing: numbers.bytes[..<(Int(count) * 4)])
        guard try file.read(into: wanted, at: 12) == wanted.count else {
            throw Self.damaged(file, "it is cut off")
        }
        blocks = (0..<Int(count)).map { wanted.number($0) }
        guard blocks.allSatisfy({ $0 < Self.mostBlocks }) else {
            throw Self.damaged(file, "it has a block with a number that no file has")
        }
        let header = 12 + UInt64(count) * 4
        begin = count == 0 ? header : (header + Self.blockBytes - 1) / Self.blockBytes * Self.blockBytes
        let size = file.size
        guard size == begin + UInt64(count) * Self.blockBytes else {
            throw Self.damaged(file, "it has \(size) bytes, and says that it has \(count) blocks")
        }
        self.file = file
    }

    /// Where the block lies whose number is `place` in `blocks`.
    func offset(_ place: Int) -> UInt64 { begin + UInt64(place) * Self.blockBytes }

    /// `base/5/16384` of `base/5/INCREMENTAL.16384`; nil for what is no such file.
    static func wholePath(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), path[slash...].dropFirst().hasPrefix(prefix) else {
            return nil
        }
        let folder = path[..<slash]
        guard folder == "global" || folder.hasPrefix("base/") || folder.hasPrefix("pg_tblspc/") else {
            return nil
        }
        let name = path[slash...].dropFirst(1 + prefix.utf8.count)
        return name.isEmpty ? nil : "\(folder)/\(name)"
    }

    /// `base/5/INCREMENTAL.16384` of `base/5/16384`.
    static func path(ofWhole path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return prefix + path }
        return "\(path[...slash])\(prefix)\(path[slash...].dropFirst())"
    }

    private static func damaged(_ file: FoundRange, _ reason: String) -> Problem {
        Problem(
            .backupDamaged, "'\(file.place)' is no file of an incremental backup that can be read",
            detail: reason)
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func number(_ index: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }
}
