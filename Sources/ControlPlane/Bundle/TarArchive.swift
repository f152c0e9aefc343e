public import Platform

/// A tar archive of plain files: POSIX ustar, with a pax header where a name needs one.
///
/// The same files give the same bytes: no owner, no time but the one given, in the order of their names.
public struct TarArchive: Hashable, Sendable {
    public struct File: Hashable, Sendable {
        public var name: String
        public var content: [UInt8]

        public init(name: String, content: [UInt8]) {
            self.name = name
            self.content = content
        }
    }

    public var files: [File]
    /// Seconds since 1970, of all files.
    public var modified: Int64 = 0

    private static let block = 512
    private static let longestName = 100

    public init(_ files: [File], modified: Int64) {
        self.files = files
        self.modified = modified
    }

    // MARK: Writing

    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        for file in files.sorted(by: { $0.name < $1.name }) {
            let name = Array(file.name.utf8)
            if name.count > Self.longestName || name.contains(where: { $0 >= 0x80 }) {
                let record = Self.paxRecord("path", name)
                bytes += header(Array("PaxHeaders/name".utf8), size: record.count, kind: "x")
                bytes += Self.padded(record)
            }
            bytes += header(Array(name.prefix(Self.longestName)), size: file.content.count, kind: "0")
            bytes += Self.padded(file.content)
        }
        bytes += [UInt8](repeating: 0, count: 2 * Self.block)
        // GNU tar writes records of twenty blocks, and says so of others.
        let rest = bytes.count % (20 * Self.block)
        return rest == 0 ? bytes : bytes + [UInt8](repeating: 0, count: 20 * Self.block - rest)
    }

    private static func padded(_ content: [UInt8]) -> [UInt8] {
        content + [UInt8](repeating: 0, count: (block - content.count % block) % block)
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
    private static func paxRecord(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [10]
        var length = rest.count + 1
        while String(length).utf8.count + rest.count != length {
            length = String(length).utf8.count + rest.count
        }
        return Array(String(length).utf8) + rest
    }

    private func header(_ name: [UInt8], size: Int, kind: String) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (place, byte) in bytes.enumerated() { header[offset + place] = byte }
        }
        put(name, at: 0)
        put(Self.octal(0o644, 7), at: 100)
        put(Self.octal(0, 7), at: 108)
        put(Self.octal(0, 7), at: 116)
        put(Self.octal(Int64(size), 11), at: 124)
        put(Self.octal(max(0, modified), 11), at: 136)
        put("        ".utf8, at: 148)
        put(kind.utf8, at: 156)
        put("ustar".utf8, at: 257)
        put("00".utf8, at: 263)
        let sum = header.reduce(0) { $0 + Int64($1) }
        put(Self.octal(sum, 6) + [0, 32], at: 148)
        return header
    }

    private static func octal(_ value: Int64, _ digits: Int) -> [UInt8] {
        let text = Array(String(value, radix: 8).utf8)
        return [UInt8](repeating: 48, count: max(0, digits - text.count)) + text
    }

    // MARK: Reading

    /// Reads what `encoded` writes. Throws `.stateDamaged` for anything else.
    public init(parsing bytes: [UInt8]) throws(Problem) {
        files = []
        var offset = 0
        var longName: String?
        while true {
            guard offset + Self.block <= bytes.count else { throw Self.damaged("it ends in the middle") }
            let header = Array(bytes[offset..<offset + Self.block])
            if header.allSatisfy({ $0 == 0 }) { break }
            try Self.check(header)
            guard let size = Self.number(header[124..<136]), size >= 0,
                offset + Self.block + Int(size) <= bytes.count, let time = Self.number(header[136..<148])
            else { throw Self.damaged("a file in it is longer than it") }
            let content = Array(bytes[(offset + Self.block)..<(offset + Self.block + Int(size))])
            offset += Self.block + (Int(size) + Self.block - 1) / Self.block * Self.block
            switch header[156] {
            case UInt8(ascii: "x"): longName = try Self.paxName(content)
            case UInt8(ascii: "0"):
                let name = String(decoding: header.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
                files.append(File(name: longName ?? name, content: content))
                (longName, modified) = (nil, time)
            default: throw Self.damaged("it holds something that is no plain file")
            }
        }
        guard bytes[offset...].allSatisfy({ $0 == 0 }) else {
            throw Self.damaged("something follows its end")
        }
        for file in files where !Self.isSafe(file.name) {
            throw Self.damaged("the name of a file in it is none that would be written")
        }
        // Whatever a header may say besides, other programs would act on it.
        guard encoded() == bytes else { throw Self.damaged("it is written in another way") }
    }

    /// Whether a name leads nowhere but below the folder where it is unpacked.
    private static func isSafe(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !["", ".", ".."].contains($0) }
            && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    private static func check(_ header: [UInt8]) throws(Problem) {
        var blank = header
        for place in 148..<156 { blank[place] = 32 }
        let sum = blank.reduce(0) { $0 + Int64($1) }
        guard header[257..<262].elementsEqual("ustar".utf8), number(header[148..<156]) == sum else {
            throw damaged("a header in it is wrong")
        }
    }

    private static func paxName(_ record: [UInt8]) throws(Problem) -> String {
        let mark = Array(" path=".utf8)
        guard record.last == 10, let blank = record.firstIndex(of: 32),
            record[blank...].starts(with: mark),
            Int(String(decoding: record[..<blank], as: UTF8.self)) == record.count
        else { throw damaged("a header in it is wrong") }
        return String(decoding: record[(blank + mark.count)...].dropLast(), as: UTF8.self)
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.prefix { $0 != 0 && $0 != 32 }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private static func damaged(_ reason: String) -> Problem {
        Problem(.stateDamaged, "this is no archive that 'pitr evidence bundle' wrote", detail: reason)
    }
}
