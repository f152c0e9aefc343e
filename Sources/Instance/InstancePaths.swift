public import Platform

/// The four directories of one server: data, configuration, logs and sockets; and who the tool is there.
///
/// The configuration lies outside the data directory, so that data can be exchanged without it. For a cluster
/// that is configured in its data directory, `conf` and `data` are the same path.
public struct InstancePaths: Sendable, Hashable {
    public var data: String
    public var conf: String
    public var log: String
    /// At most about 90 bytes long: a socket's path is limited to 107.
    public var socketDirectory: String
    /// The tool's own superuser: who comes in over the private socket.
    public var superuser = PostgresInstance.superuser

    public init(data: String, conf: String, log: String, socketDirectory: String) {
        self.data = data
        self.conf = conf
        self.log = log
        self.socketDirectory = socketDirectory
    }

    public var settingsFile: String { conf + "/postgresql.conf" }
    /// Settings that are written and not in force yet: no server starts on them.
    var preparedSettingsFile: String { conf + "/postgresql.conf.prepared" }
    public var userSettingsFile: String { conf + "/user.conf" }
    public var accessFile: String { conf + "/pg_hba.conf" }
    public var identFile: String { conf + "/pg_ident.conf" }
    public var certificateFile: String { conf + "/server.crt" }
    public var keyFile: String { conf + "/server.key" }
    /// What the server says before it writes its own log files.
    public var startupLog: String { log + "/startup.log" }

    /// Makes the directories that are missing (not the data directory), with mode 0700.
    public func makeDirectories() throws(Problem) {
        for directory in [conf, log, socketDirectory] {
            try TextFile.makeDirectory(directory)
        }
    }
}
