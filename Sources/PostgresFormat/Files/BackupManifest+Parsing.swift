public import Notation

/// Why bytes are not a backup manifest that can be trusted.
public enum BackupManifestError: Error, Hashable, Sendable {
    case json(JSONError)
    case unsupportedVersion(Int64)
    /// The last line, with the checksum of all before it, is missing.
    case noChecksum
    /// The manifest was changed or cut after it was written.
    case wrongChecksum
    /// A member is missing, of the wrong kind, or unknown.
    case malformed(String)
    /// A path that is absolute, leaves the data directory, is empty or occurs twice.
    case unsafePath(String)
}

extension BackupManifest {
    private static let versionName = "PostgreSQL-Backup-Manifest-Version"
    private static let systemName = "System-Identifier"

    /// Reads a manifest and checks its own checksum first.
    ///
    /// - Parameter sha256: the SHA-256 of some bytes.
    public init(
        parsing bytes: [UInt8], sha256: ([UInt8]) -> [UInt8]
    ) throws(BackupManifestError) {
        let (body, expected) = try Self.sealed(bytes)
        guard sha256(Array(body)) == expected else { throw .wrongChecksum }
        // There are as many files as a server has tables and indexes: they are read one by one.
        var files: [File] = []
        var paths: Set<String> = []
        var failure: BackupManifestError?
        let document: JSONValue
        do {
            document = try JSONValue.parse(bytes, maximumDepth: 8, passingOn: "Files") { value in
                guard failure == nil else { return }
                do throws(BackupManifestError) {
                    let file = try Self.file(value)
                    guard Self.isSafe(file.path), paths.insert(file.path).inserted else {
                        throw .unsafePath(file.path)
                    }
                    files.append(file)
                } catch {
                    failure = error
                }
            }
        } catch {
            throw .json(error)
        }
        guard let version = document[Self.versionName]?.integer else { throw .malformed(Self.versionName) }
        guard version == 1 || version == 2 else { throw .unsupportedVersion(version) }
        var names: Set = [Self.versionName, "Files", "WAL-Ranges", "Manifest-Checksum"]
        if version == 2 { names.insert(Self.systemName) }
        try Self.check(document, has: names)
        if let failure { throw failure }
        var ranges: [WALRange] = []
        for value in document["WAL-Ranges"]?.array ?? [] {
            ranges.append(try Self.range(value))
        }
        self.init(
            files: files, walRanges: ranges,
            systemIdentifier: version == 2 ? try Self.system(document) : nil)
    }

    /// Splits off the last line, `"Manifest-Checksum": "…"}`, which the checksum does not cover.
    private static func sealed(
        _ bytes: [UInt8]
    ) throws(BackupManifestError) -> (body: ArraySlice<UInt8>, checksum: [UInt8]) {
        let newLine: UInt8 = 0x0A
        guard bytes.last == newLine, let before = bytes.dropLast().lastIndex(of: newLine) else {
            throw .noChecksum
        }
        let line = String(decoding: bytes[(before + 1)...], as: UTF8.self)
        let opening = "\"Manifest-Checksum\": \""
        let closing = "\"}\n"
        guard line.hasPrefix(opening), line.hasSuffix(closing),
            line.utf8.count == opening.utf8.count + 64 + closing.utf8.count,
            let checksum = Hexadecimal.bytes(String(line.dropFirst(opening.count).dropLast(closing.count)))
        else { throw .noChecksum }
        return (bytes[...before], checksum)
    }

    private static func check(_ value: JSONValue, has names: Set<String>) throws(BackupManifestError) {
        guard let object = value.object else { throw .malformed("not an object") }
        for member in object.members where !names.contains(member.name) {
            throw .malformed(member.name)
        }
    }

    private static func system(_ document: JSONValue) throws(BackupManifestError) -> UInt64 {
        guard let number = document[systemName]?.integer, number > 0 else { throw .malformed(systemName) }
        return UInt64(number)
    }

    private static func file(_ value: JSONValue) throws(BackupManifestError) -> File {
        try check(
            value,
            has: ["Path", "Encoded-Path", "Size", "Last-Modified", "Checksum-Algorithm", "Checksum"])
        guard let size = value["Size"]?.integer, size >= 0 else { throw .malformed("Size") }
        guard let time = value["Last-Modified"]?.string.flatMap(ManifestTime.parse) else {
            throw .malformed("Last-Modified")
        }
        return File(
            path: try path(value), size: UInt64(size), lastModified: time, checksum: try checksum(value))
    }

    private static func path(_ value: JSONValue) throws(BackupManifestError) -> String {
        switch (value["Path"]?.string, value["Encoded-Path"]?.string) {
        case (let path?, nil): return path
        case (nil, let encoded?):
            guard let bytes = Hexadecimal.bytes(encoded), let path = String(validating: bytes, as: UTF8.self)
            else { throw .malformed("Encoded-Path") }
            return path
        default: throw .malformed("Path")
        }
    }

    private static func checksum(_ value: JSONValue) throws(BackupManifestError) -> Checksum? {
        switch (value["Checksum-Algorithm"], value["Checksum"]) {
        case (nil, nil): return nil
        case (.string(let name)?, .string(let digits)?):
            guard let algorithm = ChecksumAlgorithm(rawValue: name), let bytes = Hexadecimal.bytes(digits),
                let checksum = Checksum(algorithm: algorithm, bytes: bytes)
            else { throw .malformed("Checksum") }
            return checksum
        default: throw .malformed("Checksum")
        }
    }

    private static func range(_ value: JSONValue) throws(BackupManifestError) -> WALRange {
        try check(value, has: ["Timeline", "Start-LSN", "End-LSN"])
        guard let timeline = value["Timeline"]?.integer.flatMap(UInt32.init(exactly:)), timeline > 0,
            let start = value["Start-LSN"]?.string.flatMap(LSN.init),
            let end = value["End-LSN"]?.string.flatMap(LSN.init), start <= end
        else { throw .malformed("WAL-Ranges") }
        return WALRange(timeline: TimelineID(timeline), start: start, end: end)
    }

    private static func isSafe(_ path: String) -> Bool {
        !path.utf8.contains(0)
            && path.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
