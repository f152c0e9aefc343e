import Catalog
import Instance
import Planning
import Platform
import Repository
import ServiceModel

/// What the databases of a server elsewhere need of the machine that a copy runs on: files of extensions and
/// libraries, which no base backup has.
struct NeededHere {
    let backup: BackupDescriptor
    let installation: PostgresInstallation

    var hazards: [Hazard] {
        var found: [Hazard] = []
        let extensions = backup.extensions.filter { !installation.hasExtension($0) }
        if !extensions.isEmpty {
            found.append(
                Hazard(
                    code: "missing-extensions",
                    message:
                        "the source has extensions whose files are not on this machine, and what uses them "
                        + "fails in the copy until they are installed: \(extensions.joined(separator: ", "))")
            )
        }
        let libraries = Self.names(backup.preloadLibraries ?? "")
            .filter { !NeededHere.isThere("\($0).so", installation.libraryPlaces) }
        if !libraries.isEmpty {
            found.append(
                Hazard(
                    code: "missing-libraries",
                    message: "the source preloads libraries that are not on this machine: "
                        + libraries.joined(separator: ", ")))
        }
        return found
    }

    /// Where no place is there at all, nothing is known, and nothing is said.
    fileprivate static func isThere(_ name: String, _ places: [String]) -> Bool {
        let existing = places.filter { DurableFiles.exists($0) }
        return existing.isEmpty || existing.contains { DurableFiles.exists($0 + "/" + name) }
    }

    /// `pg_stat_statements, $libdir/auto_explain`
    static func names(_ list: String) -> [String] {
        list.split { $0 == "," || $0 == " " || $0 == "\"" }.map { name in
            let last = name.split(separator: "/").last ?? name
            return String(last.hasSuffix(".so") ? last.dropLast(3) : last)
        }
    }
}

extension PostgresInstallation {
    /// Whether it has the files of an extension.
    func hasExtension(_ name: String) -> Bool {
        NeededHere.isThere("\(name).control", extensionPlaces)
    }
}

extension ControlPlane {
    /// What a copy of an attached source lacks on this machine; nothing for servers of this machine.
    func needsHazards(ofBackup name: String, _ source: ServerRow) throws -> [Hazard] {
        guard source.origin.backupsTellNeeds,
            let backup = try BackupRepository(layout: layout(source)).find(name)
        else { return [] }
        return NeededHere(backup: backup, installation: try installation(source)).hazards
    }
}
