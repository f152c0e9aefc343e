import Glibc
import Platform

/// A file of a backup: one that lies there, or a part of an archive.
struct FoundRange {
    let file: OpenFile
    /// In `file`, in bytes.
    let start: UInt64
    let size: UInt64
    /// As it is told.
    let place: String

    /// Answers the bytes read, fewer only at its end.
    func read(into room: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Problem) -> Int {
        guard offset < size else { return 0 }
        let count = Int(min(UInt64(room.count), size - offset))
        return try file.read(
            into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]), at: start + offset)
    }
}

extension FoundRange {
    init(_ file: OpenFile) throws(Problem) {
        self.init(file: file, start: 0, size: try file.size(), place: file.path)
    }
}

/// The files of a backup that another one goes on from, by their paths in the data directory.
final class FoundTree {
    /// Where it was named.
    let path: String
    private var places: FoundPlaces
    private var tablespaces: [String: FoundPlaces] = [:]
    private let members: [String: FoundRange]?

    /// In folders, none of whose files is reached by a link.
    init(_ root: String, tablespaces: [UInt32: String] = [:]) {
        path = root
        places = FoundPlaces(root: root)
        members = nil
        for (number, directory) in tablespaces {
            self.tablespaces["pg_tblspc/\(number)/"] = FoundPlaces(root: directory)
        }
    }

    /// In archives that were read.
    init(_ path: String, members: [String: FoundRange]) {
        self.path = path
        places = FoundPlaces(root: path)
        self.members = members
    }

    /// Nil for what is not there.
    func file(_ path: String) throws(Problem) -> FoundRange? {
        if let members { return members[path] }
        if let prefix = tablespaces.keys.first(where: { path.hasPrefix($0) }), var own = tablespaces[prefix] {
            defer { tablespaces[prefix] = own }
            return try Self.file(String(path.dropFirst(prefix.utf8.count)), &own)
        }
        return try Self.file(path, &places)
    }

    private static func file(_ path: String, _ places: inout FoundPlaces) throws(Problem) -> FoundRange? {
        guard let status = places.status(path) else { return nil }
        return try FoundRange(FoundFolder.open(places.root + "/" + path, status))
    }
}

/// Remembers where the files of an archive lie, of a packed one in a copy that goes with this value.
final class ArchiveMembers {
    private let file: OpenFile
    private let archive: String
    private let isCopied: Bool
    /// Where the next member's header begins in the archive.
    private var next: UInt64 = 0
    private var copied: UInt64 = 0
    private(set) var last: FoundRange?

    /// - Parameter folder: for the copy, which has no name in it.
    init(of file: OpenFile, isPacked: Bool, in folder: String) throws(Problem) {
        archive = file.path
        isCopied = isPacked
        guard isPacked else {
            self.file = file
            return
        }
        do throws(Problem) {
            try DurableFiles.makeDirectories(folder, durable: false)
            let path = DurableFiles.temporaryPath(beside: folder + "/archive")
            self.file = try OpenFile(creating: path)
            try DurableFiles.removeFile(path)
        } catch {
            throw Self.noRoom(error, archive, folder)
        }
    }

    /// What an archive needs that is not there.
    private static func noRoom(_ problem: Problem, _ archive: String, _ folder: String) -> Problem {
        Problem(
            problem.code, "'\(archive)' cannot be unpacked in '\(folder)'", detail: problem.message,
            hint:
                "Make room there, or have TMPDIR name another folder for what is only looked at; an archive that "
                + "is not packed needs none.")
    }

    /// The archive's next bytes, before what is in them is told.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        guard isCopied else { return }
        do throws(Problem) {
            try file.write(bytes, at: copied)
        } catch {
            throw Self.noRoom(error, archive, DurableFiles.parent(of: file.path))
        }
        copied += UInt64(bytes.count)
    }

    /// The archive's next member.
    func add(_ member: TarMember, _ path: String) {
        let block = UInt64(TarStream.blockSize)
        let start = next + block
        last = FoundRange(file: file, start: start, size: member.size, place: "\(archive): \(path)")
        next = start + (member.size + block - 1) / block * block
    }
}

/// Where files lie for a moment that are only looked at, and that no name leads to.
enum TemporaryFolder {
    static var path: String {
        let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        // Not /tmp, which may be memory.
        return named.hasPrefix("/") ? named : "/var/tmp"
    }
}
