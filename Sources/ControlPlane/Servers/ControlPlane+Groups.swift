import Catalog
import GRDB
import Platform
import PostgresFormat
public import ServiceModel

extension ControlPlane {
    /// Makes a group; making it again in the same place keeps it and replaces its tags, as az does.
    ///
    /// - Parameter caller: whose name the activity log shows; nil for this control plane's own.
    public func createGroup(
        name: String, location: String?, tags: [String: String], caller: Caller? = nil
    ) throws -> GroupDetails {
        let group = try makeGroup(name: name, location: location, tags: tags)
        try note(.writeGroup, group: group, caller: caller ?? self.caller)
        return group
    }

    private func makeGroup(name: String, location: String?, tags: [String: String]) throws -> GroupDetails {
        let location = try location.map(AzureLocation.require)?.name
        let now = clock.now()
        return try changeGroups { database in
            if var row = try GroupRow.fetchOne(database, key: name) {
                if let location, location.lowercased() != row.location.lowercased() {
                    throw Problem(
                        .invalidParameterValue,
                        "resource group '\(name)' already exists in location '\(row.location)'",
                        hint: "A group cannot move; leave --location out, or choose another name.")
                }
                row.tags = tags
                try row.update(database)
                return try Self.details(row)
            }
            let valid = name.wholeMatch(of: /[-\w._()]{1,90}/) != nil && !name.hasSuffix(".")
            guard valid else {
                throw Problem(
                    .invalidParameterValue, "'\(name)' is not a resource group name",
                    hint: "Use up to 90 letters, digits, '-', '_', '.', '(' and ')', not ending in a dot.")
            }
            let row = GroupRow(
                name: name, location: location ?? Identifiers.defaultLocation, tags: tags, createdAt: now)
            try row.insert(database)
            return try Self.details(row)
        }
    }

    public func listGroups() throws -> [GroupDetails] {
        try catalog.read { try GroupRow.order(Column("name")).fetchAll($0) }.map(Self.details)
    }

    public func showGroup(_ name: String) throws -> GroupDetails {
        guard let row = try catalog.read({ try GroupRow.fetchOne($0, key: name) }) else {
            throw Self.groupNotFound(name)
        }
        return try Self.details(row)
    }

    /// Deletes a group and, as Azure does, every server in it.
    public func deleteGroup(_ name: String, for accepted: AcceptedWork? = nil) throws {
        let group = try showGroup(name)
        // An accepted operation has its own lines.
        if accepted == nil { try note(.deleteGroup, group: group, caller: caller) }
        for server in try listServers(resourceGroup: name) {
            try deleteServer(ServerReference(resourceGroup: name, name: server.name))
        }
        try changeGroups { _ = try GroupRow.deleteOne($0, key: name) }
    }

    /// Deletes a group that was made for a server that was then refused, unless something is in it by now.
    ///
    /// - Parameter caller: whose name the activity log shows.
    public func discardEmptyGroup(_ name: String, caller: Caller) throws {
        let group = try showGroup(name)
        let isDiscarded = try changeGroups { database in
            guard try ServerRow.filter(Column("resourceGroup").collating(.nocase) == name).isEmpty(database)
            else { return false }
            return try GroupRow.deleteOne(database, key: name)
        }
        if isDiscarded { try note(.deleteGroup, group: group, caller: caller) }
    }

    /// Refuses a resource group that is not there.
    public func requireGroup(_ name: String) throws {
        _ = try resolveGroup(name, createIfMissing: false, location: nil)
    }

    /// Refuses a resource group that neither is there nor ever was, as far as the records tell.
    public func requireRecordedGroup(_ name: String) throws {
        let isRecorded = try catalog.read { database in
            try !ActivityEvent.filter(Column("resourceGroup").collating(.nocase) == name).isEmpty(database)
        }
        if isRecorded { return }
        if try operations.operations(.init(group: name, limit: 1)).isEmpty { try requireGroup(name) }
    }

    /// The group's stored spelling; the default group is made when it is first needed.
    func resolveGroup(_ name: String, createIfMissing: Bool, location: String?) throws -> GroupDetails {
        if let row = try catalog.read({ try GroupRow.fetchOne($0, key: name) }) {
            return try Self.details(row)
        }
        guard createIfMissing || name.lowercased() == Identifiers.defaultGroup else {
            throw Self.groupNotFound(name)
        }
        return try makeGroup(name: name, location: location, tags: [:])
    }

    static func groupNotFound(_ name: String) -> Problem {
        Problem(
            .resourceGroupNotFound, "Resource group '\(name)' could not be found.",
            hint: "List them with 'pitr group list'.")
    }

    private static func details(_ row: GroupRow) throws -> GroupDetails {
        GroupDetails(
            name: row.name, location: row.location,
            tags: row.tags)
    }

    /// A line in the activity log for what is done at once to a group itself.
    private func note(_ kind: OperationKind, group: GroupDetails, caller: Caller) throws {
        let operation = RunningOperation(
            id: Identifiers.uuid(), correlationID: Identifiers.uuid(), kind: kind, serverID: "",
            resourceGroup: group.name, resourceID: ResourceID.group(group.name),
            startedAt: clock.now(), caller: caller.name)
        let event = activity(operation, status: .succeeded, properties: [:], failure: nil)
        try catalog.write { try event.insert($0) }
    }
}
