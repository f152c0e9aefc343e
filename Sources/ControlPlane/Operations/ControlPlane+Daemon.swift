import Catalog
import GRDB
import Instance
import Notation
public import Platform
public import PostgresFormat
public import ServiceModel

/// Files of the HTTPS endpoint.
public struct EndpointCertificate: Sendable {
    public var certificateFile: String
    public var keyFile: String
    /// The authority that signed it, as PEM text.
    public var authority: String
}

/// What the daemon needs of the state directory.
extension ControlPlane {
    /// A fresh certificate for the endpoint, signed by the local authority. It names what clients on this
    /// machine call it by, and the addresses it listens on.
    public func endpointCertificate(names: [String], addresses: [String]) throws(Problem)
        -> EndpointCertificate
    {
        try DurableFiles.makeDirectories(paths.api)
        let result = EndpointCertificate(
            certificateFile: paths.api + "/server.crt", keyFile: paths.api + "/server.key",
            authority: try authorityText())
        try localAuthority.issue(
            names: names, addresses: addresses, certificate: result.certificateFile, key: result.keyFile)
        return result
    }

    /// The local authority's certificate as PEM text; the authority is made when it is not there yet.
    public func authorityText() throws(Problem) -> String {
        try localAuthority.ensure()
        return String(decoding: try DurableFiles.read(authorityFile), as: UTF8.self)
    }

    /// Where the daemon listens, or last did; nil when none ever ran here.
    public func endpoint() throws(Problem) -> Endpoint? {
        guard let bytes = try DurableFiles.readIfPresent(paths.endpoint),
            let value = try? JSONValue.parse(bytes), let host = value["host"]?.string,
            let port = value["port"]?.integer
        else { return nil }
        return Endpoint(
            host: host, port: Int(port), isOpenToOthers: value["isOpenToOthers"] == true)
    }

    /// Writes down where the daemon listens, for `pitr azure env`.
    public func keep(_ endpoint: Endpoint) throws(Problem) {
        try DurableFiles.makeDirectories(paths.api)
        let value = JSONValue.object([
            "host": .string(endpoint.host), "port": .integer(Int64(endpoint.port)),
            "isOpenToOthers": .bool(endpoint.isOpenToOthers),
        ])
        try DurableFiles.write(Array((value.printed() + "\n").utf8), to: paths.endpoint)
    }

    /// The time by the clock of this control plane.
    public var now: PostgresTimestamp { clock.now() }

    /// What the archivers of the running servers say of themselves.
    public func archivers() throws -> [(server: String, health: ArchiverHealth)] {
        try rows(resourceGroup: nil, dropped: false).compactMap { row in
            guard state(row) == .ready, let health = archiverHealth(row) else { return nil }
            return (row.name, health)
        }
    }

    /// As `showServer`, without looking at what it takes on the disk and what its archiver does.
    public func server(_ reference: ServerReference) throws -> ServerDetails {
        try details(try find(reference), withUsage: false)
    }

    /// Why a new server cannot have that name; nil when it can.
    public func refusal(ofName name: String) throws -> Problem? {
        do throws(Problem) {
            try Self.validate(serverName: name)
        } catch {
            return error
        }
        let taken = try catalog.read {
            try ServerRow.filter(Column("name") == name.lowercased())
                .filter(Column("phase") != ServerPhase.dropped.rawValue).fetchCount($0) > 0
        }
        return taken
            ? Problem(.serverNameAlreadyExists, "Specified server name is already used.", detail: name) : nil
    }

    /// The folder of the endpoint's own files.
    public var apiDirectory: String { paths.api }
}

/// An address and a port over HTTPS.
public struct Endpoint: Sendable, Hashable {
    public static let standard = Endpoint(host: "127.0.0.1", port: 8443)

    public var host: String
    public var port: Int
    /// Whether other machines are let in: nobody is the owner without a secret then, and no link signs in.
    public var isOpenToOthers: Bool

    public init(host: String, port: Int, isOpenToOthers: Bool = false) {
        self.host = host
        self.port = port
        self.isOpenToOthers = isOpenToOthers
    }

    /// The address that clients on this machine use.
    public var url: String {
        let everywhere = host == "0.0.0.0" || host == "::"
        let name = everywhere ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
        return "https://\(name):\(port)"
    }
}
