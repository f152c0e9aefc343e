import Catalog
import Instance
import Planning
import Platform
import PostgresClient
import Repository
import ServiceModel

/// Which subscriptions a copy will have and not use, as far as that can be known beforehand.
///
/// The WAL is not followed for it: the restore itself looks into the copy, and names what it has.
enum SubscriptionsAhead {
    /// The source never had one, or it is long ago.
    case none
    /// Those that the source has now; it has none now, but did, where this is empty.
    case now([String])
    /// The source cannot be asked.
    case unknown

    fileprivate var hazard: Hazard? {
        let message: String
        switch self {
        case .none: return nil
        case .now(let names) where !names.isEmpty:
            message =
                "subscriptions are switched off in the copy, without their slots, which stay the source's; "
                + "the source has these now: " + names.joined(separator: ", ")
        case .now:
            message =
                "the source has had subscriptions: those that the copy has are switched off in it, without "
                + "their slots, and the restore names them"
        case .unknown:
            message =
                "whatever logical subscriptions the copy has are switched off in it, without their slots, "
                + "and the restore names them; the source cannot be asked for its own"
        }
        return Hazard(code: "subscriptions", message: message)
    }
}

extension ControlPlane {
    /// What a plan says of the outside world.
    func outsideHazards(_ source: ServerRow) throws -> [Hazard] {
        var hazards = [try subscriptionsAhead(source).hazard].compactMap { $0 }
        if let libraries = try preloaded(by: source) {
            hazards.append(
                Hazard(
                    code: "preloaded-libraries",
                    message: "the copy preloads no libraries; the source does: \(libraries)"))
        }
        return hazards
    }

    /// The libraries that a source preloads, as its user has set them: what runs in a server by itself comes
    /// from there, and a copy goes without.
    func preloaded(by source: ServerRow) throws -> String? {
        if source.origin.backupsTellNeeds {
            let newest = try BackupRepository(layout: layout(source)).list().compactMap(\.descriptor)
                .max { $0.stopTime < $1.stopTime }
            return newest?.preloadLibraries.flatMap { $0.isEmpty ? nil : $0 }
        }
        let libraries = try userParameters(source.id)[Self.preload]
        return libraries?.isEmpty == false ? libraries : nil
    }

    static let preload = "shared_preload_libraries"

    private func subscriptionsAhead(_ source: ServerRow) throws -> SubscriptionsAhead {
        // PostgreSQL's number for pg_subscription, and its file's name for as long as nobody rewrites it.
        let file = DurableFiles.status(instancePaths(source).data + "/global/6100")
        if file?.size == 0 { return .none }
        guard source.phase == .complete, let connection = try? instance(source).connect() else {
            return .unknown
        }
        defer { connection.close() }
        let names = try? connection.query(
            """
            SELECT pg_catalog.format('%I in database %I', s.subname, d.datname)
            FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid ORDER BY 1
            """
        ).firstColumn
        return names.map(SubscriptionsAhead.now) ?? .unknown
    }
}
