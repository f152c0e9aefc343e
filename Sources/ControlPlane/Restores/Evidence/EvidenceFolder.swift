#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Notation
import Platform
import PostgresFormat
import Repository
import ServiceModel

/// `evidence/` of a state directory: a sealed file for each restore, named after its operation.
struct EvidenceFolder {
    static let format: Int64 = 1

    let path: String

    func file(_ operationID: String) -> String { path + "/" + operationID + ".json" }

    /// Durable when it returns.
    func write(_ kept: KeptEvidence) throws {
        try DurableFiles.makeDirectories(path)
        let bytes = DescribedDocument.seal([
            "format": .integer(Self.format),
            "kind": "how a server was restored and what proved it; 'pitr evidence' reads it",
            "restore": try JSONValue.parse(try CatalogJSON.text(kept)),
        ])
        try DurableFiles.write(bytes, to: file(kept.evidence.operationID))
    }

    func has(_ operationID: String) -> Bool { DurableFiles.status(file(operationID)) != nil }

    /// Nil where nothing is kept of the operation. Throws `.stateDamaged` or `.formatTooNew`.
    func read(_ operationID: String) throws(Problem) -> KeptEvidence? {
        let path = file(operationID)
        guard let bytes = try DurableFiles.readIfPresent(path) else { return nil }
        let document = DescribedDocument(path: path)
        let object = try document.unseal(bytes, format: Self.format)
        do {
            let text = (object["restore"] ?? [:]).printed()
            return try JSONDecoder().decode(KeptEvidence.self, from: Array(text.utf8).data)
        } catch {
            throw document.damaged("\(error)")
        }
    }

    /// Of all restores that something is kept of.
    func operations() throws(Problem) -> [String] {
        try DurableFiles.listIfPresent(path).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    }

    func remove(_ operationID: String) throws(Problem) {
        _ = try DurableFiles.removeFile(file(operationID))
    }
}
