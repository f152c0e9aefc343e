import Catalog
import Instance
public import ServiceModel

/// What a client on this machine has to know of a server.
public struct ClientAddress: Sendable, Codable {
    public var server: String
    public var resourceGroup: String
    public var host: String
    public var port: Int
    /// The administrator's login.
    public var login: String
    /// PostgreSQL's major version.
    public var version: String
    /// The certificate that the server is verified with.
    public var rootCertificate: String
    public var state: ServerState
    /// Whether a firewall rule lets this machine in; roles and passwords are another matter.
    public var isOpenHere: Bool
}

extension ControlPlane {
    /// Looks at the catalog and the process only: nothing is read of backups or WAL.
    public func clientAddress(_ server: ServerReference) throws -> ClientAddress {
        let row = try find(server)
        try requireServer(row)
        agreeIfFree(row)
        // To a loopback address Linux goes from 127.0.0.1, to any other of its own from that one.
        let here = row.host.hasPrefix("127.") ? .loopback : IPv4Address(row.host) ?? .loopback
        let isOpen = try firewallRules(row.id).contains { rule in
            guard let start = IPv4Address(rule.startIPAddress), let end = IPv4Address(rule.endIPAddress)
            else { return false }
            return start <= here && here <= end
        }
        return ClientAddress(
            server: row.name, resourceGroup: row.resourceGroup, host: row.host, port: row.port,
            login: row.administratorLogin, version: row.version, rootCertificate: authorityFile,
            state: state(row), isOpenHere: row.publicNetworkAccess && isOpen)
    }
}
