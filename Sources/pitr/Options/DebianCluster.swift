import ArgumentParser
import Platform
import ServiceModel

/// A cluster of this machine as Debian names it: `15/main`.
struct DebianCluster: ExpressibleByArgument {
    var version: String
    var name: String

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, UInt16(parts[0]) != nil, !parts[1].isEmpty, !parts[1].hasPrefix("-") else {
            return nil
        }
        (version, name) = (String(parts[0]), String(parts[1]))
    }

    /// Where it listens: its socket's directory and its port.
    func address(_ runner: any CommandRunner = SystemCommands()) throws(Problem) -> SourceAddress {
        let listed = try runner.run(Command("pg_lsclusters", ["--no-header"], timeoutSeconds: 10))
        let clusters = listed.standardOutput.split(whereSeparator: \.isNewline)
            .map { $0.split(separator: " ") }.filter { $0.count >= 4 }
        guard let found = clusters.first(where: { $0[0] == version && $0[1] == name }),
            let port = UInt16(found[2])
        else {
            let names = clusters.map { "\($0[0])/\($0[1])" }.joined(separator: ", ")
            throw Problem(
                .invalidParameterValue, "there is no cluster \(version)/\(name)",
                detail: listed.succeeded
                    ? "pg_lsclusters lists: \(names.isEmpty ? "none" : names)" : listed.words,
                hint: "Give its --host and --port.")
        }
        guard found[3].hasPrefix("online") else {
            throw Problem(
                .invalidParameterValue, "the cluster \(version)/\(name) does not run",
                detail: "pg_lsclusters says '\(found[3])'",
                hint: "Start it: pg_ctlcluster \(version) \(name) start")
        }
        let told = try runner.run(
            Command(
                "pg_conftool", ["-s", version, name, "show", "unix_socket_directories"], timeoutSeconds: 10))
        let first = told.standardOutput.split { $0 == "," || $0.isNewline }.first.map { String($0) } ?? ""
        let directory = first.filter { $0 != " " && $0 != "'" }
        return SourceAddress(host: directory.hasPrefix("/") ? directory : "/var/run/postgresql", port: port)
    }
}
