import Platform

/// One member of a tar archive that a server sends.
struct TarMember: Hashable {
    enum Kind: Hashable {
        case file, directory
        /// Of a tablespace in a directory of its own; where it leads is never followed.
        case tablespaceLink
    }

    /// Relative, without `.` and `..`, and without a slash at the end.
    var path: String
    var kind: Kind
    /// In bytes.
    var size: UInt64
    /// Seconds since 1970.
    var modified: Int64
}

/// Why an archive is refused.
enum TarRefusal: Error, Hashable {
    case brokenHeader
    case name(String)
    case kind(String, UInt8)
    case size(String)
    case endsEarly
    case goesOnBehindItsEnd

    var words: String {
        switch self {
        case .brokenHeader: "a member's header is broken"
        case .name(let name): "the name '\(name)' does not stay inside a data directory"
        case .kind(let name, let type):
            "'\(name)' is neither a file nor a directory (type \(type))"
        case .size(let name): "the size of '\(name)' is impossible"
        case .endsEarly: "it ends within a member"
        case .goesOnBehindItsEnd: "it goes on behind its end"
        }
    }
}

/// Reads a tar archive in pieces of any length: exactly what PostgreSQL's `basebackup.c` writes, and nothing
/// else that tar can be.
///
/// The source is not trusted: absolute names, `..`, links but those of tablespaces, devices, and headers
/// whose checksum is wrong are refused.
struct TarStream {
    enum Piece {
        case member(TarMember)
        case content(UnsafeRawBufferPointer)
        /// The member that was begun last is whole.
        case memberEnd
    }

    static let blockSize = 512
    /// More than PostgreSQL's largest file can have.
    private static let largest: UInt64 = 1 << 46

    /// A header that has not come wholly.
    private var header: [UInt8] = []
    private var left: UInt64 = 0
    private var padding = 0
    private var isInMember = false
    private var zeroBlocks = 0

    /// Hands over what is in the bytes. Throws `TarRefusal` or what `body` throws.
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ body: (Piece) throws -> Void
    ) throws {
        var rest = bytes
        func take(_ count: Int) -> UnsafeRawBufferPointer {
            defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
            return UnsafeRawBufferPointer(rebasing: rest[..<count])
        }
        while !rest.isEmpty {
            if left > 0 {
                let piece = take(Int(min(UInt64(rest.count), left)))
                left -= UInt64(piece.count)
                try body(.content(piece))
                if left == 0 { try end(body) }
            } else if padding > 0 {
                padding -= take(min(rest.count, padding)).count
            } else {
                header.append(contentsOf: take(min(rest.count, Self.blockSize - header.count)))
                if header.count == Self.blockSize { try begin(body) }
            }
        }
    }

    /// Whether the two empty blocks have come that end an archive.
    var isEnded: Bool { zeroBlocks >= 2 }

    /// To be called at the archive's end.
    func finish() throws(TarRefusal) {
        guard header.isEmpty, left == 0, padding == 0, !isInMember else { throw .endsEarly }
    }

    private mutating func begin(_ body: (Piece) throws -> Void) throws {
        defer { header.removeAll(keepingCapacity: true) }
        if header.allSatisfy({ $0 == 0 }) {
            zeroBlocks += 1
            return
        }
        guard zeroBlocks == 0 else { throw TarRefusal.goesOnBehindItsEnd }
        guard let member = try Self.member(header) else { return }
        left = member.size
        padding = (Self.blockSize - Int(member.size % UInt64(Self.blockSize))) % Self.blockSize
        isInMember = true
        try body(.member(member))
        if left == 0 { try end(body) }
    }

    private mutating func end(_ body: (Piece) throws -> Void) throws {
        isInMember = false
        try body(.memberEnd)
    }

    // MARK: Headers

    /// Nil for the folder that the archive was made of, which tar names before what is in it.
    private static func member(_ header: [UInt8]) throws(TarRefusal) -> TarMember? {
        let sum = header.enumerated().reduce(0) { sum, byte in
            sum + Int((148..<156).contains(byte.offset) ? UInt8(ascii: " ") : byte.element)
        }
        guard Array(header[257..<262]) == Array("ustar".utf8), let stored = octal(header[148..<156]),
            stored == UInt64(sum)
        else { throw .brokenHeader }
        guard let name = text(header[0..<100]), header[345..<500].allSatisfy({ $0 == 0 }) else {
            throw .brokenHeader
        }
        guard let size = number(header[124..<136]), size <= largest else { throw .size(name) }
        if name == "./", header[156] == UInt8(ascii: "5"), size == 0 { return nil }
        let path = try path(name)
        let modified = Int64(clamping: number(header[136..<148]) ?? 0)
        switch header[156] {
        case UInt8(ascii: "0"), 0:
            return TarMember(path: path, kind: .file, size: size, modified: modified)
        case UInt8(ascii: "5") where size == 0:
            return TarMember(path: path, kind: .directory, size: 0, modified: modified)
        case UInt8(ascii: "2") where size == 0 && isTablespace(path):
            return TarMember(path: path, kind: .tablespaceLink, size: 0, modified: modified)
        case let other: throw .kind(name, other)
        }
    }

    private static func isTablespace(_ path: String) -> Bool {
        path.hasPrefix("pg_tblspc/") && UInt32(path.dropFirst("pg_tblspc/".count)) != nil
    }

    private static func path(_ name: String) throws(TarRefusal) -> String {
        var text = name[...]
        while text.hasPrefix("./") { text = text.dropFirst(2) }
        if text.hasSuffix("/") { text = text.dropLast() }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isFine = parts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".."
                && part.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        }
        guard isFine else { throw .name(name) }
        return String(text)
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String? {
        let bytes = field.prefix { $0 != 0 }
        guard field.dropFirst(bytes.count).allSatisfy({ $0 == 0 }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Octal digits, or where those do not do a big-endian number behind a byte of 128.
    private static func number(_ field: ArraySlice<UInt8>) -> UInt64? {
        guard field.first == 128 else { return octal(field) }
        var value: UInt64 = 0
        for byte in field.dropFirst() {
            guard value < 1 << 55 else { return nil }
            value = value << 8 | UInt64(byte)
        }
        return value
    }

    private static func octal(_ field: ArraySlice<UInt8>) -> UInt64? {
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix {
            $0 != 0 && $0 != UInt8(ascii: " ")
        }
        guard !digits.isEmpty, digits.allSatisfy({ (48...55).contains($0) }), digits.count <= 20 else {
            return nil
        }
        return digits.reduce(0) { $0 << 3 | UInt64($1 - 48) }
    }
}
