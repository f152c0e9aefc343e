import Platform

/// Texts of one side's rows that came along with their digests, in a file: what differs need not be looked
/// up again, which costs a page for each row.
///
/// A text is a row value as PostgreSQL prints it, still with COPY's escapes. They only spare time: where the
/// disk takes no more of them, no more are kept.
struct RowTexts: Sendable {
    /// In bytes of the row's own text: a longer one is read again where it is needed.
    static let longest = 1024
    /// In bytes as COPY sends it: with its escapes, and in UTF-8, which may take three bytes for one.
    private static let longestSent = 2 * longest
    /// Places are counted in so many bytes.
    private static let unit = 8
    private static let largestFile: UInt64 = 1 << 30
    private static let bytesAtOnce = 1 << 16
    /// Between two looks at the room that is left.
    private static let usualLook: UInt64 = 16 << 20

    private let file: OpenFile
    private let limit: UInt64
    private let room: DiskRoom
    private let bytesOfLook: UInt64
    private var nextLook: UInt64
    private var waiting: [UInt8] = []
    /// Where `waiting` goes; no text is at the very beginning.
    private var written = UInt64(Self.unit)
    /// From there on nothing was written, whatever places were given; nil as long as the disk takes texts.
    private var lost: UInt64?

    /// - Parameters:
    ///   - path: of a file that is made.
    ///   - room: it takes an eighth of it at most, and 1 GiB; less where others fill it meanwhile.
    init(path: String, room: DiskRoom) throws(Problem) {
        let limit = min(Self.largestFile, try room.available() / 8)
        let file = try OpenFile(creating: path)
        self.init(file: file, limit: limit, room: room)
    }

    /// - Parameters:
    ///   - file: an empty one.
    ///   - limit: of its size, in bytes.
    ///   - bytesOfLook: so many are between two looks at the room that is left.
    init(file: OpenFile, limit: UInt64, room: DiskRoom, bytesOfLook: UInt64 = Self.usualLook) {
        (self.file, self.limit, self.room, self.bytesOfLook) = (file, limit, room, bytesOfLook)
        nextLook = bytesOfLook
        waiting.reserveCapacity(Self.bytesAtOnce + Self.longestSent + Self.unit)
    }

    /// - Returns: its place; 0 where it is not kept.
    mutating func add(_ text: UnsafeRawBufferPointer) -> UInt32 {
        let place = written + UInt64(waiting.count)
        guard lost == nil, text.count <= Self.longestSent, place + UInt64(Self.longestSent) < limit else {
            return 0
        }
        waiting.append(contentsOf: text)
        waiting.append(Self.end)
        while waiting.count % Self.unit != 0 { waiting.append(Self.end) }
        if waiting.count >= Self.bytesAtOnce { flush() }
        return UInt32(truncatingIfNeeded: place / UInt64(Self.unit))
    }

    /// Has to be called before texts are read.
    mutating func flush() {
        guard !waiting.isEmpty else { return }
        defer { waiting.removeAll(keepingCapacity: true) }
        do throws(Problem) {
            if written >= nextLook {
                try room.require(bytesOfLook, for: "rows' texts")
                nextLook += bytesOfLook
            }
            try file.write(waiting, at: written)
            written += UInt64(waiting.count)
        } catch {
            // Whatever the disk has: these rows, and those to come, are looked up again.
            lost = written
        }
    }

    /// No text of a row has it: COPY writes it as an escape.
    private static let end = UInt8(ascii: "\n")

    /// The cells of a row; nil where its text was not kept.
    ///
    /// - Parameter count: of its columns.
    func cells(of digest: RowDigest, count: Int) throws(Problem) -> Cells? {
        let place = UInt64(digest.text) * UInt64(Self.unit)
        guard place != 0, place < lost ?? .max else { return nil }
        let read: Result<Cells?, Problem> = withUnsafeTemporaryAllocation(
            byteCount: Self.longestSent + 1, alignment: 1
        ) { buffer in
            do throws(Problem) {
                let got = try file.read(into: buffer, at: place)
                return .success(RowValue.cells(UnsafeRawBufferPointer(buffer)[..<got], count: count))
            } catch {
                return .failure(error)
            }
        }
        guard let cells = try read.get() else {
            throw Problem(
                .queryFailed, "a row's text cannot be read", detail: "its address is \(digest.address)")
        }
        return cells
    }
}

/// A row value as PostgreSQL's `record_out` prints it and COPY escapes that: `(1,,"a ""word""")`.
enum RowValue {
    /// Its fields, up to the end of the line; nil where it is no such text or has another number of them.
    static func cells(_ line: Slice<UnsafeRawBufferPointer>, count: Int) -> Cells? {
        var reader = Reader(line: line, place: line.startIndex)
        guard reader.next() == UInt8(ascii: "(") else { return nil }
        // A row without columns, which looks like one of a NULL.
        if count == 0 { return reader.next() == UInt8(ascii: ")") && reader.next() == nil ? [] : nil }
        var cells = Cells()
        cells.reserveCapacity(count)
        var bytes: [UInt8] = []
        var end = UInt8(ascii: ",")
        while end == UInt8(ascii: ",") {
            guard let field = reader.field(&bytes) else { return nil }
            cells.append(field.isNull ? nil : Cell(String(decoding: bytes, as: UTF8.self)))
            end = field.end
        }
        return cells.count == count && reader.next() == nil ? cells : nil
    }

    private struct Reader {
        let line: Slice<UnsafeRawBufferPointer>
        var place: Int

        /// The next byte without COPY's escapes; nil at the end of the line.
        mutating func next() -> UInt8? {
            guard place < line.endIndex, line[place] != UInt8(ascii: "\n") else { return nil }
            let byte = line[place]
            place += 1
            guard byte == UInt8(ascii: "\\"), place < line.endIndex else { return byte }
            let escaped = line[place]
            place += 1
            switch escaped {
            case UInt8(ascii: "b"): return 8
            case UInt8(ascii: "f"): return 12
            case UInt8(ascii: "n"): return 10
            case UInt8(ascii: "r"): return 13
            case UInt8(ascii: "t"): return 9
            case UInt8(ascii: "v"): return 11
            default: return escaped
            }
        }

        /// Reads a field with what ends it. Quotes and backslashes are doubled within quotes, and stand
        /// nowhere else.
        mutating func field(_ bytes: inout [UInt8]) -> (isNull: Bool, end: UInt8)? {
            bytes.removeAll(keepingCapacity: true)
            guard var byte = next() else { return nil }
            guard byte == UInt8(ascii: "\"") else {
                while byte != UInt8(ascii: ","), byte != UInt8(ascii: ")") {
                    bytes.append(byte)
                    guard let following = next() else { return nil }
                    byte = following
                }
                return (bytes.isEmpty, byte)
            }
            while let inner = next() {
                if inner == UInt8(ascii: "\"") {
                    guard let after = next() else { return nil }
                    if after != inner {
                        let isEnd = after == UInt8(ascii: ",") || after == UInt8(ascii: ")")
                        return isEnd ? (false, after) : nil
                    }
                } else if inner == UInt8(ascii: "\\") {
                    guard next() == inner else { return nil }
                }
                bytes.append(inner)
            }
            return nil
        }
    }
}
