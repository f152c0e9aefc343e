import ArgumentParser
import ControlPlane
import Foundation
import Glibc
import Platform
import PostgresClient

/// Where to connect, and as whom.
struct ClientOptions: ParsableArguments {
    /// az's own, too.
    static let standardDatabase = "postgres"

    @OptionGroup var server: ServerOptions
    @Option(name: [.customShort("d"), .long], help: "Database.", completion: Completions.databases)
    var databaseName = ClientOptions.standardDatabase
    @Option(name: [.customShort("u"), .long], help: "Login; else the administrator's.") var adminUser: String?

    func login(_ address: ClientAddress) -> String { adminUser ?? address.login }

    /// For a connection of our own, which verifies the server.
    func parameters(
        _ address: ClientAddress, password: String?, as name: String
    ) -> ConnectionParameters {
        ConnectionParameters(
            host: address.host, port: UInt16(clamping: address.port), user: login(address),
            database: databaseName, password: password, sslMode: "verify-full",
            sslRootCertificate: address.rootCertificate, applicationName: name)
    }
}

/// The password of a client, where it is neither in PGPASSWORD nor in a password file of libpq's.
struct ClientPassword: ParsableArguments {
    @Option(
        name: [.customShort("p"), .long],
        help: "Password. Everybody on this machine can see it while the command runs.")
    var adminPassword: String?
    @OptionGroup var source: PasswordOptions

    /// Nil leaves it to libpq. Read with the rights of whoever called.
    func password() throws(Problem) -> String? { try source.password(or: adminPassword) }
}

/// A file that the person who called names, opened with that person's rights.
struct PersonalFile {
    let name: String
    private let descriptor: Int32

    /// `-` is standard input.
    init(_ name: String) throws(Problem) {
        self.name = name
        descriptor = name == "-" ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Problem(.system, "cannot open \(name)", detail: String(cString: strerror(errno)))
        }
    }

    func text() throws(Problem) -> String {
        guard let text = String(validating: try bytes(), as: UTF8.self) else {
            throw Problem(.usage, "\(name) is not text in UTF-8")
        }
        return text
    }

    private func bytes() throws(Problem) -> [UInt8] {
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR && !Interruption.flag.isCancelled { continue }
            guard count >= 0 else {
                throw Problem(.system, "cannot read \(name)", detail: String(cString: strerror(errno)))
            }
            guard count > 0 else { return all }
            all += piece[..<count]
        }
    }
}
