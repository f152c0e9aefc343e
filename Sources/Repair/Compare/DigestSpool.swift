public import Platform

/// Digests of one side of a table, parted by their keys so that each part fits into memory: in a file where
/// they are many.
public struct DigestSpool: Sendable {
    /// So many are one part.
    public static let rowsOfPart = 1 << 17
    private static let rowsOfPiece = 128
    private static let largestCount = 1 << 12

    /// Between two looks at the room that is left, in pieces.
    private static let piecesOfLook: UInt32 = 1 << 12

    private let file: OpenFile?
    private let room: DiskRoom?
    private var waiting: [[RowDigest]]
    /// Where each part's pieces lie in the file, counted in pieces.
    private var pieces: [[UInt32]]
    private var written: UInt32 = 0
    public private(set) var count: UInt64 = 0
    /// Beside it, where rows come with their texts.
    var texts: RowTexts?

    /// How many parts are right for so many rows of the side that has more.
    public static func parts(forRows rows: UInt64) -> Int {
        var parts = 1
        while parts < largestCount, UInt64(parts) * UInt64(rowsOfPart) < rows { parts *= 2 }
        return parts
    }

    /// Bytes that so many rows take on the disk; none where they fit into memory.
    public static func bytes(forRows rows: UInt64) -> UInt64 {
        parts(forRows: rows) > 1 ? rows * UInt64(MemoryLayout<RowDigest>.stride) : 0
    }

    /// - Parameters:
    ///   - parts: a power of two; the same for both sides.
    ///   - path: of a file that is made where there are several.
    ///   - room: what has to stay free beside it.
    public init(parts: Int, path: String, room: DiskRoom? = nil) throws(Problem) {
        file = parts > 1 ? try OpenFile(creating: path) : nil
        self.room = room
        waiting = [[RowDigest]](repeating: [], count: parts)
        pieces = [[UInt32]](repeating: [], count: parts)
    }

    /// - Parameter text: of the row, with COPY's escapes.
    mutating func add(_ digest: RowDigest, _ text: UnsafeRawBufferPointer?) throws(Problem) {
        var digest = digest
        if let text { digest.text = texts?.add(text) ?? 0 }
        try add(digest)
    }

    public mutating func add(_ digest: RowDigest) throws(Problem) {
        let part = Int(truncatingIfNeeded: digest.keyHigh & UInt64(waiting.count - 1))
        count += 1
        waiting[part].append(digest)
        guard let file, waiting[part].count == Self.rowsOfPiece else { return }
        let size = UInt64(MemoryLayout<RowDigest>.stride * Self.rowsOfPiece)
        if written % Self.piecesOfLook == 0 {
            try room?.require(UInt64(Self.piecesOfLook) * size, for: "the hashes of the rows that differ")
        }
        let piece = waiting[part]
        try piece.span.bytes.withUnsafeBytes { (bytes) throws(Problem) in
            try file.write(bytes, at: UInt64(written) * size)
        }
        pieces[part].append(written)
        written += 1
        waiting[part].removeAll(keepingCapacity: true)
    }

    /// One part, in any order.
    public func part(_ number: Int) throws(Problem) -> [RowDigest] {
        var found: [RowDigest] = []
        try forEachPiece(of: number) { found += $0 }
        return found
    }

    /// One part, some rows at a time, in the order in which they came but for the last ones.
    public func forEachPiece(
        of number: Int, _ body: ([RowDigest]) throws(Problem) -> Void
    ) throws(Problem) {
        try body(waiting[number])
        guard let file, !pieces[number].isEmpty else { return }
        let empty = RowDigest(key: (0, 0), row: (0, 0))
        let size = MemoryLayout<RowDigest>.stride * Self.rowsOfPiece
        var piece = [RowDigest](repeating: empty, count: Self.rowsOfPiece)
        for place in pieces[number] {
            let read = piece.withUnsafeMutableBytes { buffer -> Result<Int, Problem> in
                do throws(Problem) {
                    return .success(try file.read(into: buffer, at: UInt64(place) * UInt64(size)))
                } catch {
                    return .failure(error)
                }
            }
            let got = try read.get()
            guard got == size else {
                throw Problem(.system, "a file of this comparison was cut short", detail: file.path)
            }
            try body(piece)
        }
    }

    public var parts: Int { waiting.count }
}
