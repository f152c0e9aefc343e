import AzureAPI
import ControlPlane
import Platform
import PostgresFormat
import ServiceModel

/// Accepting operations, and telling how they are doing.
extension Resources {
    /// Seconds after which a client should ask again. Left out, az waits thirty.
    private static let retryAfter = ("Retry-After", "1")

    /// Enters an operation and answers `202 Accepted` with where to ask how it is doing.
    ///
    /// - Parameter whatHolds: for a deletion: throws when more than the thing itself is missing. To delete
    ///   what is not there is an empty success.
    func accept(_ operation: OperationRequest, whatHolds: (() throws -> Void)? = nil) throws -> APIResponse {
        let accepted: AcceptedOperation
        do {
            accepted = try controlPlane.accept(operation, caller: caller)
        } catch let problem as Problem where problem.code == .resourceNotFound && whatHolds != nil {
            try whatHolds?()
            return .empty(204)
        }
        wake()
        var response = try APIResponse.document(
            WireAccepted(operation: accepted.name, at: accepted.acceptedAt), status: 202)
        response.headers += [
            ("Azure-AsyncOperation", url("azureAsyncOperation", accepted.id, at: accepted.location)),
            ("Location", url("operationResults", accepted.id, at: accepted.location)), Self.retryAfter,
            ("x-ms-operation-identifier", accepted.id),
        ]
        return response
    }

    private func url(_ kind: String, _ id: String, at location: String) -> String {
        // Regions have names with blanks for people, and without for paths.
        let place = location.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        let version = request.query["api-version"].flatMap { text in
            text.wholeMatch(of: /[0-9A-Za-z.-]{1,40}/).map { String($0.output) }
        }
        return request.origin + "\(ResourceID.ofSubscription)/providers/"
            + "\(ResourceID.provider)/locations/\(place.isEmpty ? "local" : place)/\(kind)/\(id)"
            + (version.map { "?api-version=\($0)" } ?? "")
    }

    /// The operation, if the identity may see what it is about.
    private func operation(_ id: String) throws -> OperationStatus {
        if let status = try controlPlane.operationStatus(id.lowercased()),
            identity.scope.covers(group: group(of: status))
        {
            return status
        }
        throw Problem(.resourceNotFound, "The operation '\(id)' was not found.")
    }

    private func group(of status: OperationStatus) -> String? {
        switch ResourcePath.parse(status.resourceID)?.resource {
        case .server(let group, _, _)?, .group(let group)?: group
        default: nil
        }
    }

    func operationStatus(_ id: String) throws -> APIResponse {
        let status = try operation(id)
        let word: WireOperation.Status =
            switch status.phase {
            case .queued, .running: .inProgress
            case .succeeded: .succeeded
            case .failed: .failed
            case .canceled: .canceled
            }
        var response = try APIResponse.document(
            WireOperation(
                path: path, name: status.id, status: word, startedAt: status.acceptedAt,
                endedAt: status.endedAt, error: status.phase.isFailure ? Self.error(status) : nil,
                notes: status.notes))
        if !status.phase.isOver { response.headers.append(Self.retryAfter) }
        return response
    }

    /// 202 while it is in progress; then what was made, or nothing, or why not.
    func operationResult(_ id: String) throws -> APIResponse {
        let status = try operation(id)
        guard status.phase.isOver else {
            var response = APIResponse.empty(202)
            response.headers += [
                ("Location", url("operationResults", status.id, at: status.location)), Self.retryAfter,
            ]
            return response
        }
        if status.phase.isFailure {
            let error = Self.error(status)
            return try .document(
                CloudErrorDocument(code: error.code, message: error.message),
                status: status.phase == .canceled ? 409 : 400)
        }
        guard Self.leavesResource.contains(status.kind), let path = ResourcePath.parse(status.resourceID),
            let call = try? APICall("GET", path)
        else { return .empty(204) }
        let made = Resources(
            controlPlane: controlPlane, identity: identity, request: request, path: path, wake: wake)
        do {
            return try made.answer(call)
        } catch let problem as Problem where problem.code == .resourceNotFound {
            // It was deleted meanwhile.
            return .empty(204)
        }
    }

    /// Operations whose result is a resource.
    private static let leavesResource = Set(
        [
            OperationKind.create, .restore, .geoRestore, .revive, .update, .backup, .writeRule, .parameter,
            .createDatabase,
        ].map(\.name))

    private static func error(_ status: OperationStatus) -> CloudErrorDocument.Body {
        CloudErrorDocument.Body(code: status.errorCode, sentences: status.errorMessage)
    }
}

extension OperationPhase {
    fileprivate var isFailure: Bool { self == .failed || self == .canceled }
}
