import Notation
import Platform
import Repository

/// A file in which pgBackRest says what it has: sections of keys with values in JSON, and a SHA-1 of them.
struct BackrestInfo {
    enum Failure: Error, Hashable {
        case encrypted
        /// From 1.
        case malformed(line: Int)
        case noChecksum
        case wrongChecksum

        var words: String {
            switch self {
            case .encrypted: "it is encrypted"
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
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard let first = line.first else { continue }
            if first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") {
                guard let name = String(validating: line.dropFirst().dropLast(), as: UTF8.self) else {
                    throw .malformed(line: number)
                }
                section = name
                continue
            }
            guard let section, let (key, value, entry) = Self.entry(line) else {
                throw .malformed(line: number)
            }
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

    /// The key ends at the first `=` behind which there is nothing but a value: names of files may have one.
    private static func entry(
        _ line: ArraySlice<UInt8>
    ) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>, Entry)? {
        var from = line.startIndex
        while let equals = line[from...].firstIndex(of: UInt8(ascii: "=")) {
            from = equals + 1
            let (key, value) = (line[..<equals], line[from...])
            // What is no JSON has another = in the key.
            if !key.isEmpty, let parsed = try? JSONValue.parse(Array(value)) {
                guard let name = String(validating: key, as: UTF8.self) else { return nil }
                return (key, value, Entry(key: name, value: parsed))
            }
        }
        return nil
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
                return try BackrestInfo(parsing: bytes)
            } catch {
                if error == .encrypted { throw encrypted(place) }
                reasons.append("'\(place)': \(error.words)")
            }
        }
        throw Problem(
            .backupDamaged, "what pgBackRest says of its backups cannot be trusted",
            detail: reasons.joined(separator: "; "),
            hint: "'pgbackrest verify' looks at the whole repository. Another set can be named with --set.")
    }

    private static func encrypted(_ place: String) -> Problem {
        Problem(
            .operationNotSupported, "the repository of pgBackRest is encrypted",
            detail: "'\(place)' begins as encrypted files do, and no key is ever asked for",
            hint: "'pgbackrest restore' has the key, and restores it; or give the stanza a second repository "
                + "without a cipher (repo2-path), take a full backup into it, and open that.")
    }
}
