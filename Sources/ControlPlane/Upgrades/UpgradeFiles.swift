import Instance
import Platform

/// How the files that pg_upgrade reads come to be: a copy of the stopped server's, or one in which the files
/// of its tables and indexes are links to the same ones.
///
/// pg_upgrade runs the old version on them, which changes catalogs and status files; those are copied in any
/// case. What may be linked is told by the server as it runs, and anything it has made since is copied.
struct UpgradeFiles {
    let data: String
    /// The relations whose files are linked, each as PostgreSQL tells its first file in the data directory;
    /// nil where everything is copied.
    var linked: Set<String>?

    /// In one database. Sequences are left out: pg_upgrade has them read, and they are small.
    static let relationsOfUsers =
        "SELECT pg_catalog.pg_relation_filepath(oid) FROM pg_catalog.pg_class "
        + "WHERE oid >= 16384 AND relkind IN ('r', 'i', 't', 'm') AND relpersistence <> 't' "
        + "AND pg_catalog.pg_relation_filenode(oid) IS NOT NULL"

    private static let folders = ["base", "pg_tblspc"]
    private static let lockFile = "postmaster.pid"

    /// Bytes on the disk of what is linked now.
    var linkedBytes: UInt64 {
        guard linked != nil else { return 0 }
        return Self.folders.reduce(0) { $0 + linkedBytes(in: $1) }
    }

    private func linkedBytes(in folder: String) -> UInt64 {
        // What vanishes meanwhile takes no room.
        let names = (try? DurableFiles.listIfPresent("\(data)/\(folder)")) ?? []
        return names.reduce(0) { sum, name in
            let path = "\(folder)/\(name)"
            if isLinked(path) { return sum + TreeSize.bytes(below: "\(data)/\(path)") }
            return sum + (isDirectory(path) ? linkedBytes(in: path) : 0)
        }
    }

    private func isDirectory(_ path: String) -> Bool {
        DurableFiles.status("\(data)/\(path)")?.kind == .directory
    }

    /// Whether a file is one of a relation that is linked: its first, another segment or another fork.
    func isLinked(_ path: String) -> Bool {
        guard let linked, let slash = path.lastIndex(of: "/") else { return false }
        let name = path[path.index(after: slash)...]
        guard name.first?.isNumber == true else { return false }
        return linked.contains(String(path[...slash] + name.prefix { $0 != "." && $0 != "_" }))
    }

    /// Everything but the lock file that a server leaves whose process was killed: pg_upgrade would have the
    /// old version recover.
    ///
    /// - Parameter target: is not there yet.
    func layOut(at target: String, _ runner: any CommandRunner) throws {
        guard linked != nil else {
            try runner.runChecked(Command("cp", ["-a", "--reflink=auto", data, target]))
            try DurableFiles.removeFile("\(target)/\(Self.lockFile)")
            return
        }
        let rest = try DurableFiles.list(data).filter { !Self.folders.contains($0) && $0 != Self.lockFile }
        try DurableFiles.makeDirectory(target, durable: false)
        try copy(rest, from: data, to: target, runner)
        for folder in Self.folders {
            try runner.runChecked(Command("cp", ["-al", "\(data)/\(folder)", target]))
            RestoreFaults.reached("upgrade: separate")
            try separate(folder, in: target, runner)
        }
    }

    /// Puts copies in the place of links that the old version would write through.
    private func separate(_ folder: String, in target: String, _ runner: any CommandRunner) throws {
        let names = try DurableFiles.list("\(data)/\(folder)")
        for name in names where isDirectory("\(folder)/\(name)") {
            try separate("\(folder)/\(name)", in: target, runner)
        }
        let files = names.filter { !isDirectory("\(folder)/\($0)") && !isLinked("\(folder)/\($0)") }
        try copy(files, from: "\(data)/\(folder)", to: "\(target)/\(folder)", runner)
    }

    private func copy(
        _ names: [String], from source: String, to target: String, _ runner: any CommandRunner
    ) throws {
        // A command's arguments may not be longer than two megabytes.
        for start in stride(from: 0, to: names.count, by: 1000) {
            let some = names[start..<min(start + 1000, names.count)].map { "\(source)/\($0)" }
            try runner.runChecked(
                Command("cp", ["-a", "--reflink=auto", "--remove-destination", "-t", target] + some))
        }
    }
}
