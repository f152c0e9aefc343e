import Catalog
import GRDB
import Instance
import Platform
import Repository
public import ServiceModel

extension ControlPlane {
    /// What the user has set, by name.
    func userParameters(_ id: String) throws -> [String: String] {
        let rows = try catalog.read { try ParameterRow.filter(Column("serverID") == id).fetchAll($0) }
        return Dictionary(rows.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// The user's parameters, and what a copy keeps for a reason where the user has not said otherwise.
    func effectiveParameters(_ row: ServerRow) throws -> [String: String] {
        (row.keptSettings ?? [:]).merging(try userParameters(row.id)) { _, own in own }
    }

    /// What a copy keeps as long as there are transactions in doubt.
    static let preparedSetting = "max_prepared_transactions"

    private func parameterCatalog(_ row: ServerRow) throws -> ParameterCatalog {
        guard state(row) == .ready else {
            throw Problem(
                .serverIsNotReady, "server '\(row.name)' is not running",
                hint: "Start it with 'pitr start -n \(row.name)'.")
        }
        let settings = ServerSettings(
            serverName: row.name, paths: instancePaths(row), listenAddress: row.host,
            port: UInt16(clamping: row.port), compute: try Self.size(row), archiveCommand: "",
            segmentSize: segmentSize(of: row))
        // What a copy has without its user's doing is its default: a reset leads there.
        let defaults = settings.defaults.merging(row.keptSettings ?? [:]) { _, kept in kept }
        return try ParameterCatalog(
            connection: try connect(row), defaults: defaults,
            overrides: try userParameters(row.id))
    }

    public func listParameters(_ server: ServerReference) throws -> [ParameterDetails] {
        let row = try findComplete(server)
        try requireOwn(row)
        agreeIfFree(row)
        return try parameterCatalog(row).items.map(Self.details)
    }

    public func showParameter(_ server: ServerReference, name: String) throws -> ParameterDetails {
        let row = try findComplete(server)
        try requireOwn(row)
        agreeIfFree(row)
        return Self.details(try parameterCatalog(row).find(name))
    }

    public func setParameter(
        _ server: ServerReference, name: String, value: String?, for accepted: AcceptedWork? = nil
    ) throws -> ParameterDetails {
        let row = try findComplete(server, for: accepted)
        try requireOwn(row)
        let lock = try lockServer(row)
        defer { lock.release() }
        try agree(row, whole: false)
        let known = try parameterCatalog(row)
        let item = try known.find(name)
        let instance = try instance(row)
        let canonical: String?
        if let value, !value.isEmpty {
            canonical = try known.validate(name, value, trying: try instance.connect())
        } else {
            _ = try known.validate(name, item.defaultValue)
            canonical = nil
        }
        let properties = ["parameter": item.name, "value": canonical ?? ""]
        try perform(.parameter, server: row, properties: properties, for: accepted) { _ in
            try change(row, parameter: item.name, to: canonical)
        }
        return try showParameter(server, name: item.name)
    }

    /// In force first, in the catalog afterwards: a command that was killed in between has said nothing.
    private func change(_ row: ServerRow, parameter name: String, to value: String?) throws {
        let before = try effectiveParameters(row)
        var after = before
        after[name] = value
        do {
            if value == nil, let kept = row.keptSettings {
                after[name] = kept[name]
            }
            try putInForce(RenderedConfiguration(parameters: after), on: row, as: "parameter")
            RestoreFaults.reached("parameter: catalog")
            try store(row.id, name, value)
        } catch {
            try? putInForce(RenderedConfiguration(parameters: before), on: row, as: "revert")
            throw error
        }
    }

    private func store(_ id: String, _ name: String, _ value: String?) throws {
        try change(id) { database in
            _ = try ParameterRow.filter(Column("serverID") == id).filter(Column("name") == name).deleteAll(
                database)
            if let value { try ParameterRow(serverID: id, name: name, value: value).insert(database) }
        }
    }

    private static func details(_ item: ParameterItem) -> ParameterDetails {
        ParameterDetails(
            name: item.name, value: item.value, defaultValue: item.defaultValue,
            dataType: item.dataType.rawValue, allowedValues: item.allowedValues, source: item.source,
            isDynamicConfig: item.isDynamicConfig, isReadOnly: item.isReadOnly,
            isConfigPendingRestart: item.isConfigPendingRestart, unit: item.unit,
            description: item.description)
    }

    public func listSKUs() -> [SKUDetails] {
        ComputeSize.all.map {
            SKUDetails(
                tier: $0.tier.rawValue, name: $0.name, vCores: $0.vCores,
                memoryMiBPerVCore: $0.memoryPerVCoreMiB, maxIops: $0.supportedIops)
        }
    }

    /// Unpacks a file of the archive into an open descriptor, verified as it is read.
    public func getWAL(_ server: ServerReference, segment: String, into descriptor: Int32) throws {
        let row = try find(server, .kept)
        guard let name = ArchivedFileName(fileName: segment) else {
            throw Problem(
                .usage, "'\(segment)' is not the name of an archived file",
                hint: "Use a segment's 24 digits, or the name of a .history, .backup or .partial file.")
        }
        let bytes = try WALArchive(layout: layout(row)).read(name)
        try DescriptorOutput(descriptor).write(bytes)
    }
}
