import Notation
import Platform
import Repository

/// A file in which pgBackRest says what it has: sections of keys with values in JSON, and a SHA-1 of them.
struct BackrestInfo {
    enum Failure: Error, Hashable {
        case encrypted
        case otherFormat
        /// From 1.
        case malformed(line: Int)
        case noChecksum
        case wrongChecksum

        var words: String {
            switch self {
            case .encrypted: "it is encrypted"
            case .otherFormat: "its format is not known"
            case .malformed(let line): "its line \(line) cannot be read"
            case .noChecksum: "its checksum is missing"
            case .wrongChecksum: "it does not have the checksum that it says"
            }
        }
    }

    struct Entry {
        var key: String
        var value: JSONValue
    }

    /// What every encrypted file begins with, as `openssl enc` writes it.
    static let encryptedBeginning = Array("Salted__".utf8)
    private static let mostBytes: UInt64 = 1 << 29
    /// Of every repository that pgBackRest has written since its release 2.
    private static let format: Int64 = 5

    private var sections: [String: [Entry]] = [:]

    subscript(section: String) -> [Entry] { sections[section] ?? [] }

    subscript(section: String, key: String) -> JSONValue? {
        sections[section]?.last { $0.key == key }?.value
    }

    init(parsing bytes: [UInt8]) throws(Failure) {
        guard !bytes.starts(with: Self.encryptedBeginning) else { throw .encrypted }
        var sum = Checksum()
        var section: String?
        var said: String?
        var number = 0
        var bounds = Bounds()
        var rest = bytes[...]
        while !rest.isEmpty {
            number += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            let line = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            guard let first = line.first else { continue }
            guard line.count <= Bounds.lineBytes else { throw .malformed(line: number) }
            if first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") {
                guard let name = String(validating: line.dropFirst().dropLast(), as: UTF8.self) else {
                    throw .malformed(line: number)
                }
                section = name
                continue
            }
            guard let section, bounds.take(line, section),
                let (key, value, entry) = Self.entry(line, isFile: section == Bounds.files)
            else { throw .malformed(line: number) }
            if section == "backrest", entry.key == "backrest-checksum" {
                said = entry.value.string
                continue
            }
            sum.add(section, key, value)
            sections[section, default: []].append(entry)
        }
        guard let said else { throw .noChecksum }
        guard said == sum.finish() else { throw .wrongChecksum }
    }

    /// How much is taken of a file whose checksum is not known yet: more than pgBackRest writes.
    private struct Bounds {
        /// The section that is as long as there are files.
        static let files = "target:file"
        static let lineBytes = 1 << 22
        static let keyBytes = 1 << 13
        /// Of one file.
        static let members = 32
        /// Places where a key may end and a value begin.
        static let tries = 64
        private static let mostFiles = 1 << 23
        private static let mostOthers = 1 << 20
        private static let mostOtherBytes = 1 << 26

        private var files = 0
        private var others = 0
        private var otherBytes = 0

        /// Whether there may be this line, too.
        mutating func take(_ line: ArraySlice<UInt8>, _ section: String) -> Bool {
            if section == Self.files {
                files += 1
                return files <= Self.mostFiles
            }
            others += 1
            otherBytes += line.count
            return others <= Self.mostOthers && otherBytes <= Self.mostOtherBytes
        }
    }

    /// The key ends at the first `=` behind which there is nothing but a value: names of files may have one.
    private static func entry(
        _ line: ArraySlice<UInt8>, isFile: Bool
    ) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, Entry)? {
        let keys = line.prefix(Bounds.keyBytes)
        var from = keys.startIndex
        var tries = 0
        while tries < Bounds.tries, let equals = keys[from...].firstIndex(of: UInt8(ascii: "=")) {
            from = equals + 1
            let (key, value) = (line[..<equals], line[from...])
            guard !key.isEmpty, mayBeJSON(value) else { continue }
            tries += 1
            // What is no JSON has another = in the key.
            guard let parsed = try? JSONValue.parse(Array(value)) else { continue }
            guard let name = String(validating: key, as: UTF8.self),
                let kept = isFile ? plain(parsed) : parsed
            else { return nil }
            return (key, value, Entry(key: name, value: kept))
        }
        return nil
    }

    /// Whether its first byte is one that a value begins with; only texts, lists and objects are long.
    private static func mayBeJSON(_ value: ArraySlice<UInt8>) -> Bool {
        guard let first = value.first else { return false }
        switch Unicode.Scalar(first) {
        case "{", "[", "\"": return true
        case "t", "f", "n", "-", "0"..."9": return value.count <= 64
        default: return false
        }
    }

    /// What is said of a file, without lists and objects in it: none of them is looked at. Nil for what is no
    /// such object.
    private static func plain(_ value: JSONValue) -> JSONValue? {
        guard let members = value.object?.members, members.count <= Bounds.members else { return nil }
        let kept = members.filter { $0.value.array == nil && $0.value.object == nil }
        if kept.count == members.count { return value }
        let pairs: [(String, JSONValue)] = kept.map { ($0.name, $0.value) }
        return .object(JSONObject(pairs))
    }

    /// Of all sections as if they were one JSON document, in the order in which they are there.
    private struct Checksum {
        private var sum = SHA1()
        private var section: String?

        init() { add("{") }

        mutating func add(_ section: String, _ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
            if section == self.section {
                add(",")
            } else {
                if self.section != nil { add("},") }
                add("\"\(section)\":{")
                self.section = section
            }
            var quoted: [UInt8] = []
            JSONValue.quote(String(decoding: key, as: UTF8.self), into: &quoted)
            quoted.append(UInt8(ascii: ":"))
            quoted.withUnsafeBytes { sum.add($0) }
            value.withUnsafeBytes { sum.add($0) }
        }

        mutating func finish() -> String {
            add("}}")
            return Hexadecimal.text(sum.finish())
        }

        private mutating func add(_ text: String) {
            Array(text.utf8).withUnsafeBytes { sum.add($0) }
        }
    }

    // MARK: Files

    /// Reads a file, or its copy where it is missing or damaged, as pgBackRest itself does.
    ///
    /// Throws `.backupDamaged` where neither can be trusted, `.operationNotSupported` for encrypted ones.
    static func load(_ path: String) throws(Problem) -> BackrestInfo {
        var reasons: [String] = []
        for place in [path, path + ".copy"] {
            guard let status = DurableFiles.status(place), status.kind == .file else {
                reasons.append("'\(place)' is not there")
                continue
            }
            let bytes: [UInt8]
            do throws(Problem) {
                bytes = try DurableFiles.read(place, limit: mostBytes)
            } catch {
                reasons.append("'\(place)' cannot be read: \(error.detail ?? error.message)")
                continue
            }
            do throws(Failure) {
                let info = try BackrestInfo(parsing: bytes)
                guard info["backrest", "backrest-format"]?.integer == format else { throw .otherFormat }
                return info
            } catch {
                switch error {
                case .encrypted: throw encrypted(place)
                case .otherFormat: throw otherFormat(place)
                default: reasons.append("'\(place)': \(error.words)")
                }
            }
        }
        throw Problem(
            .backupDamaged, "what pgBackRest says of its backups cannot be trusted",
            detail: reasons.joined(separator: "; "),
            hint: "'pgbackrest verify' looks at the whole repository. Another set can be named with --set.")
    }

    private static func otherFormat(_ place: String) -> Problem {
        Problem(
            .operationNotSupported, "the repository of pgBackRest is of a form that cannot be read",
            detail: "'\(place)' does not say that its format is \(format)",
            hint: "'pgbackrest restore --type=none' of the release that wrote it puts a backup into an empty "
                + "folder: open that with --base FOLDER, and the WAL with --wal DIR.")
    }

    private static func encrypted(_ place: String) -> Problem {
        Problem(
            .operationNotSupported, "the repository of pgBackRest is encrypted",
            detail: "'\(place)' begins as encrypted files do, and no key is ever asked for",
            hint: "'pgbackrest restore' has the key, and restores it; or give the stanza a second repository "
                + "without a cipher (repo2-path), take a full backup into it, and open that.")
    }
}
