import Notation
public import Platform

/// Everything that shows how something was restored, rehearsed or taken back, in one file that anybody can
/// check with `tar`, `sha256sum` and `openssl`.
public struct EvidenceBundle: Sendable {
    /// The one folder of the archive.
    public static let folder = "pitr-evidence"
    public static let sums = "SHA256SUMS"
    public static let signature = "SHA256SUMS.sig"
    public static let authority = "ca.crt"

    /// Names without the folder.
    public private(set) var files: [TarArchive.File]
    public var modified: Int64

    public init(_ files: [TarArchive.File], modified: Int64) {
        self.files = files
        self.modified = modified
    }

    /// As `sha256sum` prints it; without itself and its signature.
    public var sumsText: String {
        files.filter { ![Self.sums, Self.signature].contains($0.name) }.sorted { $0.name < $1.name }
            .map { "\(EvidenceHash.hexadecimal($0.content))  \($0.name)\n" }.joined()
    }

    /// - Parameter sign: makes the signature of the sums.
    public mutating func seal(_ sign: ([UInt8]) throws(Problem) -> [UInt8]) throws(Problem) {
        let sums = Array(sumsText.utf8)
        let signature = try sign(sums)
        files.append(TarArchive.File(name: Self.sums, content: sums))
        files.append(TarArchive.File(name: Self.signature, content: signature))
    }

    public func encoded() -> [UInt8] {
        let all = files.map { TarArchive.File(name: Self.folder + "/" + $0.name, content: $0.content) }
        return TarArchive(all, modified: modified).encoded()
    }

    // MARK: Checking

    /// Reads one, and finds every file as the sums say; the signature is another matter.
    ///
    /// Throws `.stateDamaged`.
    public init(checking bytes: [UInt8]) throws(Problem) {
        let archive = try TarArchive(parsing: bytes)
        modified = archive.modified
        files = []
        for file in archive.files {
            guard file.name.hasPrefix(Self.folder + "/") else {
                throw Self.damaged("\(file.name) does not lie in \(Self.folder)")
            }
            files.append(
                TarArchive.File(
                    name: String(file.name.dropFirst(Self.folder.count + 1)), content: file.content))
        }
        guard Set(files.map(\.name)).count == files.count else { throw Self.damaged("a name is in it twice") }
        for name in [Self.sums, Self.signature, Self.authority] where self[name] == nil {
            throw Self.damaged("\(name) is missing")
        }
        let told = String(decoding: self[Self.sums] ?? [], as: UTF8.self)
        guard told != sumsText else { return }
        let own = Set(sumsText.split(separator: "\n"))
        let differing = told.split(separator: "\n").filter { !own.contains($0) }.map { $0.dropFirst(66) }
        let unknown = own.subtracting(told.split(separator: "\n")).map { $0.dropFirst(66) }
        let names = Set(differing + unknown).sorted().map(String.init)
        throw Self.damaged("not as \(Self.sums) says: \(names.joined(separator: ", "))")
    }

    public subscript(name: String) -> [UInt8]? { files.first { $0.name == name }?.content }

    private static func damaged(_ reason: String) -> Problem {
        Problem(.stateDamaged, "the evidence is not as it was bundled", detail: reason)
    }

    /// For whoever opens it without this tool.
    static let readme = """
        This is evidence that 'pitr evidence bundle' put together.

        SHA256SUMS has the SHA-256 of every file, and SHA256SUMS.sig is its signature, made with the key of the
        machine's certificate authority, whose certificate is ca.crt. Without pitr:

            sha256sum -c SHA256SUMS
            openssl x509 -in ca.crt -pubkey -noout > ca.pub
            openssl dgst -sha256 -verify ca.pub -signature SHA256SUMS.sig SHA256SUMS

        That shows that nothing was changed since by anybody without the key in question. Whose key it is, the
        bundle cannot show: compare the fingerprint with that of the machine's own ca/ca.crt, got another way.

            openssl x509 -in ca.crt -noout -fingerprint -sha256

        evidence.json   the request, the cut, the checks, who was in the copy, what was exported, its end
        recovery.log    what PostgreSQL logged while it recovered
        activity.json   the lines of the activity log of everything concerned
        story.md        the restore, told step by step
        drill.*         the record of a drill
        undo/           the report, the rows and the script of an undo, with its proof

        """
}
