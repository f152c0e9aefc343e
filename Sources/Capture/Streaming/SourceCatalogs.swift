import PostgresFormat
import Repository
import WALEvents

/// What the catalogs and the settings in a base backup tell of what its databases need of the machine that
/// they run on: by the bytes of the files as they were copied, which WAL may have changed since. Advice comes
/// from it, and nothing else.
struct SourceCatalogs {
    /// What is longer is not looked at.
    private static let mostBytes = 4 << 20
    private static let databases = "global/1262"
    private static let settingsFiles = ["postgresql.conf", "postgresql.auto.conf"]

    private let place: DatabaseTexts
    private var files: [String: [UInt8]] = [:]

    init(_ version: WALVersion) {
        place = DatabaseTexts(version)
    }

    /// `pg_database`, each database's `pg_extension` under the number that it has until it is rewritten, and
    /// the settings that lie in the data directory.
    static func wants(_ path: String) -> Bool {
        path == databases || settingsFiles.contains(path)
            || (path.hasPrefix("base/") || path.hasPrefix("pg_tblspc/")) && path.hasSuffix("/3079")
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer, of path: String) {
        let held = files[path]?.count ?? 0
        guard held + bytes.count <= Self.mostBytes else { return }
        files[path, default: []].append(contentsOf: bytes)
    }

    // MARK: What they tell

    /// The versions of the libraries that order text, as the databases noted them when they were made. A
    /// database of libc without one comes from a C library that tells none, as musl does.
    var collations: [BackupCollation] {
        var found: [BackupCollation] = []
        for row in CatalogFile(files[Self.databases] ?? []).rows {
            guard let name = row.name(at: place.name), let provider = row.byte(at: place.provider)
            else { continue }
            let columns = row.texts(
                from: place.texts, firstNumber: place.firstNumber, count: place.count)
            let isICU = provider == UInt8(ascii: "i")
            guard isICU || provider == UInt8(ascii: "c") else { continue }
            let collate = columns[0] ?? ""
            let version = columns[place.count - 1]
            if version == nil, isICU || ["C", "POSIX", ""].contains(collate) || collate.hasPrefix("C.") {
                continue
            }
            let one = BackupCollation(
                provider: isICU ? "icu" : "libc", version: version ?? "of a version that it does not tell",
                locale: isICU ? columns[2] : nil, databases: [name])
            if let index = found.firstIndex(where: {
                ($0.provider, $0.version, $0.locale) == (one.provider, one.version, one.locale)
            }) {
                if !found[index].databases.contains(name) { found[index].databases.append(name) }
            } else {
                found.append(one)
            }
        }
        return found
    }

    /// The extensions that any of its databases has.
    var extensions: [String] {
        let all = files.filter { $0.key.hasSuffix("/3079") }.flatMap { CatalogFile($0.value).rows }
            .compactMap { $0.name(at: 4) }
        return Set(all).sorted()
    }

    /// The value of `shared_preload_libraries`; nil where no file says it.
    var preloadLibraries: String? {
        var value: String?
        for name in Self.settingsFiles {
            let text = String(decoding: files[name] ?? [], as: UTF8.self)
            for line in text.split(whereSeparator: \.isNewline) {
                value = Self.value(of: "shared_preload_libraries", in: line) ?? value
            }
        }
        return value
    }

    /// `name = 'value'  # comment`
    private static func value(of name: String, in line: Substring) -> String? {
        var rest = line.drop { $0 == " " || $0 == "\t" }
        let word = rest.prefix { $0.isLetter || $0 == "_" }
        guard word.lowercased() == name else { return nil }
        rest = rest.dropFirst(word.count).drop { $0 == " " || $0 == "\t" || $0 == "=" }
        guard rest.first == "'" else { return String(rest.prefix { $0 != " " && $0 != "\t" && $0 != "#" }) }
        return String(rest.dropFirst().prefix { $0 != "'" })
    }
}

/// The rows of a table's pages, without knowing the transactions: what was deleted for certain is left out.
private struct CatalogFile {
    private static let pageSize = 8192
    private static let headerSize = 24
    var rows: [CatalogTuple] = []

    init(_ bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count - bytes.count % Self.pageSize, by: Self.pageSize) {
            let page = Array(bytes[start..<start + Self.pageSize])
            let lower = Int(page.number(12, UInt16.self))
            guard lower >= Self.headerSize, lower <= Self.pageSize else { continue }
            for offset in stride(from: Self.headerSize, to: lower - 3, by: 4) {
                let pointer = page.number(offset, UInt32.self)
                let (place, length) = (Int(pointer & 0x7FFF), Int(pointer >> 17))
                guard pointer >> 15 & 3 == 1, length >= Self.headerSize, place + length <= Self.pageSize
                else {
                    continue
                }
                let row = CatalogTuple(
                    bytes: Array(page[place..<place + length]),
                    number: UInt16((offset - Self.headerSize) / 4 + 1), block: start / Self.pageSize)
                if row.isLive { rows.append(row) }
            }
        }
    }
}

/// `HeapTupleHeaderData` and what is behind it.
private struct CatalogTuple {
    let bytes: [UInt8]
    let number: UInt16
    let block: Int

    private var flags: UInt16 { bytes.number(20, UInt16.self) }
    private var start: Int { Int(bytes[22]) }

    /// Where it is not certain, a row that has no successor counts.
    var isLive: Bool {
        let isFrozen = flags & 0x0300 == 0x0300
        if flags & 0x0200 != 0, !isFrozen { return false }
        guard bytes.number(4, UInt32.self) != 0, flags & (0x0800 | 0x0080) == 0 else { return true }
        if flags & 0x0400 != 0 { return false }
        let next = (Int(bytes.number(12, UInt16.self)) << 16 | Int(bytes.number(14, UInt16.self)))
        return next == block && bytes.number(16, UInt16.self) == number
    }

    func byte(at offset: Int) -> UInt8? {
        start + offset < bytes.count ? bytes[start + offset] : nil
    }

    /// A column of type `name`.
    func name(at offset: Int) -> String? {
        let begin = start + offset
        guard begin + 64 <= bytes.count else { return nil }
        return String(validating: bytes[begin..<begin + 64].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Columns of type `text` that follow one another; nil for one that is null, and for all behind one that
    /// cannot be read here.
    func texts(from offset: Int, firstNumber: Int, count: Int) -> [String?] {
        var place = start + offset
        var found: [String?] = []
        for column in firstNumber..<firstNumber + count {
            let bit = column - 1
            let isNull =
                flags & 1 != 0 && 23 + bit / 8 < bytes.count && bytes[23 + bit / 8] >> (bit % 8) & 1 == 0
            if isNull {
                found.append(nil)
                continue
            }
            guard let (text, end) = text(at: place) else { break }
            found.append(text)
            place = end
        }
        return found + [String?](repeating: nil, count: count - found.count)
    }

    private func text(at place: Int) -> (String, end: Int)? {
        guard place < bytes.count else { return nil }
        if bytes[place] & 1 == 1 {
            let length = Int(bytes[place] >> 1)
            guard length >= 1, place + length <= bytes.count else { return nil }
            return (String(decoding: bytes[place + 1..<place + length], as: UTF8.self), place + length)
        }
        // Aligned from the beginning of the row's data, which is aligned itself.
        let aligned = start + (place - start + 3) / 4 * 4
        guard aligned + 4 <= bytes.count else { return nil }
        let header = bytes.number(aligned, UInt32.self)
        let length = Int(header >> 2)
        guard header & 3 == 0, length >= 4, aligned + length <= bytes.count else { return nil }
        return (String(decoding: bytes[aligned + 4..<aligned + length], as: UTF8.self), aligned + length)
    }
}

extension [UInt8] {
    /// A number in the byte order of this machine's kind, which is the only one that backups come from.
    fileprivate func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number {
        var value: Number = 0
        for index in (0..<MemoryLayout<Number>.size).reversed() {
            value = value << 8 | Number(truncatingIfNeeded: self[offset + index])
        }
        return value
    }
}
