import AzureAPI
import ControlPlane
import Platform
import Portal
import ServiceModel

/// Connect: how programs reach a server.
extension PortalPages {
    func connect(_ server: ServerDetails) throws -> ConnectPage {
        var page = ConnectPage()
        page.frame = try visit.frame(server, .connect)
        let certificate = controlPlane.account.home + "/ca/ca.crt"
        page.authority = certificate
        let strings = ConnectionStrings(
            host: server.host, port: server.port, database: "postgres", login: server.administratorLogin,
            password: nil, rootCertificate: certificate)
        page.strings = strings.all.sorted { $0.key < $1.key }.map { Fact($0.key, $0.value) }
        page.frame.samePitr = [
            "pitr connect -g \(Shell.word(server.resourceGroup)) -n \(Shell.word(server.name))"
        ]
        page.frame.sameAz = [
            "az postgres flexible-server show-connection-string -s \(Shell.word(server.name))"
        ]
        return page
    }
}
