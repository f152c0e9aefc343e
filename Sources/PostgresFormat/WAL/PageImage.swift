/// Why the page image of a record cannot be restored.
public enum PageImageFlaw: Error, Hashable, Sendable {
    /// The image's bytes are not all at hand, or not those of this record.
    case incomplete
    /// The compressed bytes are not what the header says they are.
    case damaged(BlockImage.Compression)
    /// It is compressed by zstd, and nobody was given who can unpack that.
    case needsZstd
}

/// Unpacks one zstd frame into memory and answers how many bytes it made; nil if the frame is damaged or does
/// not fit.
public typealias ZstdUnpacker = @Sendable (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int?

extension WALRecord {
    /// Puts the page image together as replay would: unpacked, with zeros where the hole was.
    ///
    /// - Parameter page: takes exactly `BlockImage.pageSize` bytes; holds nonsense after a failure.
    /// - Parameter zstd: nil where images compressed by zstd are not expected.
    public func restore(
        _ image: BlockImage, into page: UnsafeMutableRawBufferPointer, zstd: ZstdUnpacker? = nil
    ) throws(PageImageFlaw) {
        let stored = part(image.stored)
        let size = BlockImage.pageSize
        guard stored.count == image.stored.count, page.count == size, image.holeOffset >= 0,
            image.holeLength >= 0, image.holeOffset + image.holeLength <= size
        else { throw .incomplete }
        let unpacked = UnsafeMutableRawBufferPointer(rebasing: page[..<image.unpackedLength])
        let length: Int?
        switch image.compression {
        case .none:
            guard stored.count == unpacked.count else { throw .incomplete }
            unpacked.copyMemory(from: stored)
            length = stored.count
        case .pglz: length = PGLZ.unpack(stored, into: unpacked)
        case .lz4: length = LZ4Block.unpack(stored, into: unpacked)
        case .zstd:
            guard let zstd else { throw .needsZstd }
            length = zstd(stored, unpacked)
        }
        guard length == unpacked.count else { throw .damaged(image.compression) }
        // What lies behind the hole is moved to the page's end, from its last byte on: the two may overlap.
        let tail = unpacked.count - image.holeOffset
        guard tail >= 0 else { throw .incomplete }
        if image.holeLength > 0 {
            let moved = UnsafeMutableRawBufferPointer(rebasing: page[(size - tail)...])
            moved.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: page[image.holeOffset..<image.holeOffset + tail]))
            for index in image.holeOffset..<image.holeOffset + image.holeLength { page[index] = 0 }
        }
    }

    /// The page image, 8192 bytes, restored.
    public func restored(_ image: BlockImage, zstd: ZstdUnpacker? = nil) throws(PageImageFlaw) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: BlockImage.pageSize)
        var span = page.mutableSpan
        try span.withUnsafeMutableBytes { (bytes) throws(PageImageFlaw) in
            try restore(image, into: bytes, zstd: zstd)
        }
        return page
    }
}

/// PostgreSQL's own compression (`pg_lzcompress.c`): groups of eight items under a byte of flags; an item is
/// a byte as it is, or a length and a distance back of two or three bytes.
enum PGLZ {
    /// Answers the bytes made; nil unless the source is used up exactly when the target is full.
    static func unpack(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var from = 0
        var to = 0
        while from < source.count, to < target.count {
            var flags = source[from]
            from += 1
            var item = 0
            while item < 8, from < source.count, to < target.count {
                if flags & 1 == 0 {
                    target[to] = source[from]
                    from += 1
                    to += 1
                } else {
                    guard source.count - from >= 2 else { return nil }
                    var length = Int(source[from] & 0x0F) + 3
                    let distance = Int(source[from] & 0xF0) << 4 | Int(source[from + 1])
                    from += 2
                    if length == 18 {
                        guard from < source.count else { return nil }
                        length += Int(source[from])
                        from += 1
                    }
                    guard distance > 0, distance <= to else { return nil }
                    // The last match may reach beyond the end, as PostgreSQL allows.
                    length = min(length, target.count - to)
                    target.repeatBytes(at: to, distance: distance, length: length)
                    to += length
                }
                flags >>= 1
                item += 1
            }
        }
        return from == source.count && to == target.count ? to : nil
    }
}

/// LZ4's block format: tokens of a literal length and a match length, literals, a distance of two bytes.
///
/// Source: the format's own description, "LZ4 Block Format Description".
enum LZ4Block {
    /// Answers the bytes made; nil if the block is damaged or does not fit.
    static func unpack(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var reader = ByteReader(source)
        var to = 0
        while let token = reader.next(UInt8.self) {
            guard let literals = length(Int(token >> 4), &reader, limit: target.count - to),
                let bytes = reader.take(literals)
            else { return nil }
            UnsafeMutableRawBufferPointer(rebasing: target[to..<to + literals]).copyMemory(from: bytes)
            to += literals
            // The last sequence has no match.
            if reader.remaining == 0 { return to }
            guard let distance = reader.next(UInt16.self).map(Int.init), distance > 0, distance <= to,
                let extra = length(Int(token & 0x0F), &reader, limit: target.count - to),
                extra + 4 <= target.count - to
            else { return nil }
            target.repeatBytes(at: to, distance: distance, length: extra + 4)
            to += extra + 4
        }
        return nil
    }

    /// A length whose first four bits are all set goes on in bytes, to the first that is not 255.
    private static func length(_ bits: Int, _ reader: inout ByteReader, limit: Int) -> Int? {
        var length = bits
        if bits == 15 {
            while true {
                guard length <= limit, let more = reader.next(UInt8.self) else { return nil }
                length += Int(more)
                if more < 255 { break }
            }
        }
        return length <= limit ? length : nil
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies `length` bytes from `distance` before `offset` to there; where the two overlap, what was just
    /// written repeats. The caller has checked the bounds.
    fileprivate func repeatBytes(at offset: Int, distance: Int, length: Int) {
        guard distance < length else {
            UnsafeMutableRawBufferPointer(rebasing: self[offset..<offset + length]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: self[offset - distance..<offset - distance + length]))
            return
        }
        for index in offset..<offset + length { self[index] = self[index - distance] }
    }
}
