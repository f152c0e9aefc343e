import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

/// Comparisons, and what came of them and of undos.
extension Resources {
    /// What is told of the other side is its tables' content: whoever asks has to be allowed that there too.
    func compare(_ server: ServerReference) throws -> APIResponse {
        let wanted = try CompareBody(request.body, of: server).request
        if let other = try controlPlane.otherGroup(of: wanted) {
            try Authenticator.require(
                .compare, by: identity, group: other, scope: ResourceID.group(other))
        }
        return try accept(.compare(wanted))
    }

    /// The result of that id, if it is about this server.
    func result(_ id: String, of server: ServerReference) throws -> KeptResult {
        let details = try controlPlane.server(server)
        let result = try controlPlane.showResult(id)
        guard result.server.lowercased() == ResourceID.server(ServerReference(details)).lowercased() else {
            throw Problem(.resourceNotFound, "The result '\(id)' of server '\(server.name)' was not found.")
        }
        return result
    }

    /// What the last check of the archive found.
    func verification(_ server: ServerReference) throws -> APIResponse {
        _ = try controlPlane.server(server)
        guard let verdict = try controlPlane.lastVerification(of: server) else {
            throw Problem(.resourceNotFound, "The WAL archive of server '\(server.name)' was never verified.")
        }
        return try .document(ArchiveVerdictDocument(verdict))
    }

    func maySeeRows(of result: KeptResult) -> Bool {
        let groups = [result.resourceGroup] + [result.otherResourceGroup].compactMap(\.self)
        return groups.allSatisfy { identity.may(.readResult, group: $0) }
    }

    /// Rows of the other side of a comparison are in its files: whoever asks has to be allowed that there
    /// too.
    func file(_ name: String, of result: KeptResult) throws -> APIResponse {
        if let other = result.otherResourceGroup {
            try Authenticator.require(
                .readResult, by: identity, group: other, scope: ResourceID.group(other))
        }
        return .file(
            name, try controlPlane.resultFile(name, of: result, atMost: APIResponse.largestFile))
    }
}

extension ServerReference {
    init(_ details: ServerDetails) {
        self.init(resourceGroup: details.resourceGroup, name: details.name)
    }
}

extension APIResponse {
    /// A file of a result is in memory as a whole while it is sent.
    static let largestFile: UInt64 = 128 << 20

    /// A file of a result, to be kept and not to be shown: what is in it others have written.
    static func file(_ name: String, _ bytes: [UInt8]) -> APIResponse {
        let kind =
            switch name.split(separator: ".").last {
            case "json"?: "application/json; charset=utf-8"
            case "csv"?: "text/csv; charset=utf-8"
            default: "text/plain; charset=utf-8"
            }
        let last = name.split(separator: "/").last ?? "file"
        // In a header: ASCII, and nothing that ends the quotes.
        let plain = String(
            last.unicodeScalars.map {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0))
                    ? Character($0) : "_"
            })
        return APIResponse(
            status: 200,
            headers: [
                ("Content-Type", kind), ("Content-Disposition", "attachment; filename=\"\(plain)\""),
                ("X-Content-Type-Options", "nosniff"),
            ], body: bytes)
    }
}
