import ArgumentParser
import Glibc
import PostgresClient
import ServiceModel

/// The addresses of a source, as `--host` has them.
enum SourceAddresses {
    static func parse(_ text: String, port: UInt16) throws -> [SourceAddress] {
        guard let addresses = SourceAddress.list(text, port: port) else {
            throw ValidationError("'\(text)' is no list of addresses, as in a,b:5433")
        }
        return addresses
    }
}

/// A size as PostgreSQL writes it.
struct WALLimit: ExpressibleByArgument {
    var bytes: UInt64

    init?(argument: String) {
        guard let bytes = ReplicationConnection.bytes(argument) else { return nil }
        self.bytes = bytes
    }
}

/// Where a file is that a process elsewhere will read.
enum AbsolutePath {
    static func of(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
