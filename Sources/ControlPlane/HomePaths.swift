import Instance
import Notation
import Repository

/// Where everything lies under the state directory.
struct HomePaths: Sendable {
    let home: String
    /// Where repositories are read and written: the first ones, unless a paired location is looked at.
    let repositories: String
    /// What was read of repositories before; nil where files are read each time.
    let memory: RepositoryMemory?

    init(home: String, repositories: String? = nil, memory: RepositoryMemory? = nil) {
        self.home = home
        self.repositories = repositories ?? home + "/repository"
        self.memory = memory
    }

    var format: String { home + "/format.json" }
    var catalog: String { home + "/catalog.sqlite" }
    var locks: String { home + "/locks" }
    var authority: String { home + "/ca" }
    var helpers: String { home + "/lib" }
    var servers: String { home + "/servers" }
    var operations: String { home + "/operations" }
    /// How far each server's WAL went when it was last seen.
    var knownEnds: String { home + "/ends" }
    /// What proved each restore; outlives the copies.
    var evidence: String { home + "/evidence" }
    /// What came of each drill; outlives a lost catalog.
    var drills: String { home + "/drills" }
    /// What came of undos and comparisons that the daemon carried out, with the rows.
    var results: String { home + "/results" }
    /// The resource groups, from which a lost catalog's are made again.
    var groups: String { home + "/groups.json" }
    /// What is due to be deleted by time, and since when.
    var expiry: String { home + "/expiry.json" }
    /// The HTTPS endpoint's certificate, secret and address.
    var api: String { home + "/api" }
    var endpoint: String { api + "/endpoint.json" }
    /// The default identity's secret.
    var localSecret: String { api + "/local-secret" }

    /// The repositories that a location keeps of servers of its pair.
    func paired(_ location: String) -> String { home + "/paired/" + location }

    func server(_ id: String) -> String { servers + "/" + id }
    func data(_ id: String) -> String { server(id) + "/data" }
    /// A server's files.
    ///
    /// - Parameter runtime: the account's directory for sockets, whose paths have to be short.
    func instance(_ id: String, runtime: String) -> InstancePaths {
        InstancePaths(
            data: data(id), conf: server(id) + "/conf", log: server(id) + "/log",
            socketDirectory: runtime + "/" + id.prefix(8))
    }
    /// What was received of an attached server and is not archived yet.
    func received(_ id: String) -> String { server(id) + "/received" }
    /// There once a permanent slot was made on an attached server: it is ours to drop.
    func ownSlot(_ id: String) -> String { server(id) + "/own-slot" }
    /// The password of the role that replicates from an attached server; for nobody else to read.
    ///
    /// - Parameter number: of the password; nil for the first one.
    func sourcePassword(_ id: String, _ number: Int?) -> String {
        server(id) + "/source-password" + (number.map { "-\($0)" } ?? "")
    }
    /// There while an upgraded server wants the planner's statistics.
    func statisticsDue(_ id: String) -> String { server(id) + "/statistics-due" }
    func repository(_ id: String) -> String { repositories + "/" + id }
    /// What the control plane knows of a server, from which a lost catalog's row is made again.
    func description(_ id: String) -> String { layout(id).descriptionFile }
    func layout(_ id: String) -> RepositoryLayout {
        RepositoryLayout(root: repository(id), memory: memory)
    }
    func knownEnd(_ id: String) -> String { knownEnds + "/" + id + ".json" }
    func operation(_ id: String) -> String { operations + "/" + id }

    /// Shared by every process that has the catalog open; whoever exchanges the catalog has it alone.
    var catalogLock: String { locks + "/catalog" }
    /// Held by the daemon as long as it runs.
    var daemonLock: String { locks + "/daemon" }
    /// One process at a time notes what is due to be deleted.
    var expiryLock: String { locks + "/expiry" }
    /// Held by whoever changes a server; shared by a running backup, and by what need not wait for it.
    func serverLock(_ id: String) -> String { locks + "/" + id + ".server" }
    /// One process at a time writes who is let in.
    func accessLock(_ id: String) -> String { locks + "/" + id + ".access" }
    /// One process at a time adds to the evidence of a copy that is there.
    func evidenceLock(_ id: String) -> String { locks + "/" + id + ".evidence" }
    /// One process at a time copies a server's repository to the paired location.
    func pairLock(_ id: String) -> String { locks + "/" + id + ".pair" }
    /// One backup of a server at a time.
    func backupLock(_ id: String) -> String { locks + "/" + id + ".backup" }
    /// Held by whoever receives the WAL of an attached server.
    func receiverLock(_ id: String) -> String { locks + "/" + id + ".receive" }
    /// Restores of one source queue here.
    func restoreQueue(_ id: String) -> String { locks + "/" + id + ".restore" }
    /// Shared by restores that read a repository; expiry passes over it meanwhile.
    func pin(_ id: String) -> String { locks + "/" + id + ".pin" }
}
