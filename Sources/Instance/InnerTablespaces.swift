#if canImport(Glibc)
    import Glibc
#endif
import Platform

/// Tablespaces that are directories of the data directory itself, as those of copies are.
///
/// pg_upgrade takes none before PostgreSQL 19: it makes each tablespace in the new cluster at the place where
/// the old one has it. While it works they lie beside both, behind links.
struct InnerTablespaces {
    /// The names of their directories.
    let numbers: [String]
    /// Where pg_upgrade works.
    let folder: String

    private func place(_ number: String, in data: String) -> String { "\(data)/pg_tblspc/\(number)" }

    private func outside(_ number: String) -> String { "\(folder)/tablespaces/\(number)" }

    /// Empty directories for a check of a running server, which tells their places relative to its own
    /// directory: pg_upgrade looks for them in the one that it works in.
    func standIn() throws(Problem) {
        for number in numbers { try TextFile.makeDirectory(place(number, in: folder)) }
    }

    /// - Parameter data: of a stopped cluster that nobody else uses.
    func moveOut(of data: String) throws(Problem) {
        for number in numbers {
            try TextFile.makeDirectory(folder + "/tablespaces")
            let (inside, outside) = (place(number, in: data), outside(number))
            try DurableFiles.rename(inside, to: outside)
            guard symlink(outside, inside) == 0 else {
                throw Problem.system("cannot make the link", inside, errno)
            }
        }
    }

    /// - Parameter major: of the old cluster, whose files in them go.
    func moveIn(to data: String, without major: Int) throws(Problem) {
        for number in numbers {
            let (inside, outside) = (place(number, in: data), outside(number))
            for name in try DurableFiles.list(outside) where name.hasPrefix("PG_\(major)_") {
                try DurableFiles.removeTree("\(outside)/\(name)")
            }
            try DurableFiles.removeFile(inside)
            try DurableFiles.rename(outside, to: inside)
        }
    }
}
