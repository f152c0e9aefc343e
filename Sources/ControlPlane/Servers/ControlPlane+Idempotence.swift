import Platform
public import ServiceModel

/// For scripts that may run twice: what is there already is no failure.
extension ControlPlane {
    /// The server that a creation would make; nil when there is none of that name in the group.
    ///
    /// Throws `.serverNameAlreadyExists` when it is another one than was asked for: of another version, or
    /// with another login. What else differs is left as it is.
    public func existingServer(_ request: CreateServerRequest) throws -> ServerDetails? {
        guard let name = request.name else { return nil }
        let reference = ServerReference(resourceGroup: request.resourceGroup, name: name)
        let server: ServerDetails
        do {
            server = try details(try findComplete(reference), withUsage: false)
        } catch let problem as Problem where problem.isAbsence {
            return nil
        }
        var differences: [String] = []
        if let version = request.version, version != server.version {
            differences.append("it has version \(server.version), not \(version)")
        }
        if let login = request.adminUser, login != server.administratorLogin {
            differences.append("its login is '\(server.administratorLogin)', not '\(login)'")
        }
        guard differences.isEmpty else {
            throw Problem(
                .serverNameAlreadyExists, "server '\(server.name)' is there and is not the one asked for",
                detail: differences.joined(separator: ", "),
                hint: "Choose another name, or ask for what is there; see 'pitr show -n \(server.name)'.")
        }
        return server
    }

    /// Whether there is something that `deleteServer` would delete.
    public func isThere(_ server: ServerReference, purge: Bool) throws -> Bool {
        do {
            _ = try find(server, purge ? .kept : .living)
            return true
        } catch let problem as Problem where problem.isAbsence {
            return false
        }
    }

    /// As `deleteServer`; nil when there was none.
    public func deleteServerIfThere(_ server: ServerReference, purge: Bool) throws -> [String]? {
        do {
            return try deleteServer(server, purge: purge)
        } catch let problem as Problem where problem.isAbsence {
            return nil
        }
    }
}

extension Problem {
    fileprivate var isAbsence: Bool {
        [.resourceNotFound, .resourceGroupNotFound].contains(code)
    }
}
