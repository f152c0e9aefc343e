extension OpenFile {
    /// Reads the file from its start in pieces of `size` bytes, the last one shorter; `body` gets each piece
    /// and its offset, and answers false to stop.
    public func forEachChunk(
        of size: Int = 1 << 20, _ body: (UnsafeRawBufferPointer, UInt64) throws(Problem) -> Bool
    ) throws(Problem) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while true {
            // A read may end early; whoever is fed relies on whole pieces.
            var filled = 0
            while filled < size {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let count = try read(into: rest, at: offset + UInt64(filled))
                if count == 0 { break }
                filled += count
            }
            if filled == 0 { return }
            if try !body(UnsafeRawBufferPointer(rebasing: buffer[..<filled]), offset) { return }
            offset += UInt64(filled)
        }
    }
}
