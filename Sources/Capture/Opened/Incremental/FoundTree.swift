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
    private let room: UnpackingRoom
    private let isCopied: Bool
    /// Where the next member's header begins in the archive.
    private var next: UInt64 = 0
    private var copied: UInt64 = 0
    private(set) var last: FoundRange?

    /// - Parameter room: for the copy, which has no name in it.
    init(of file: OpenFile, isPacked: Bool, in room: UnpackingRoom) throws(Problem) {
        archive = file.path
        self.room = room
        isCopied = isPacked
        guard isPacked else {
            self.file = file
            return
        }
        do throws(Problem) {
            try DurableFiles.makeDirectories(room.folder, durable: false)
            let path = DurableFiles.temporaryPath(beside: room.folder + "/archive")
            self.file = try OpenFile(creating: path)
            try DurableFiles.removeFile(path)
        } catch {
            throw room.refusal(error, archive)
        }
    }

    /// The archive's next bytes, before what is in them is told.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        guard isCopied else { return }
        do throws(Problem) {
            try room.require(UInt64(bytes.count))
            try file.write(bytes, at: copied)
        } catch {
            throw room.refusal(error, archive)
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

/// Where archives are unpacked that have to be read in any order: files that no name leads to, and that are
/// as long as whoever made the archive wants.
struct UnpackingRoom {
    /// What three segments of a server take, and some more.
    private static let leastReserve: UInt64 = 1 << 26

    let folder: String
    /// What is left free there, in bytes; a hundredth of the file system at least.
    let reserve: UInt64
    /// Whether TMPDIR says where it is, or may.
    let isTemporary: Bool

    init(_ folder: String, reserve: UInt64) {
        self.folder = folder
        self.reserve = reserve
        isTemporary = false
    }

    private init(temporary folder: String, reserve: UInt64) {
        self.folder = folder
        self.reserve = reserve
        isTemporary = true
    }

    /// For what is only looked at.
    static func temporary(reserve: UInt64 = 0) -> UnpackingRoom {
        let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        // Not /tmp, which may be memory.
        return UnpackingRoom(temporary: named.hasPrefix("/") ? named : "/var/tmp", reserve: reserve)
    }

    /// Throws `.insufficientStorage` unless that many bytes fit in. The folder is there.
    func require(_ bytes: UInt64) throws(Problem) {
        let least = DiskRoom.sum(Self.leastReserve, try DurableFiles.totalBytes(folder) / 100)
        try DiskRoom(path: folder, reserve: max(reserve, least)).require(bytes, for: "unpacked archives")
    }

    /// Throws, before anything is unpacked, unless the copies of a backup's archives fit in.
    func prepare(for bytes: UInt64, of backup: String) throws(Problem) {
        guard bytes > 0 else { return }
        do throws(Problem) {
            try DurableFiles.makeDirectories(folder, durable: false)
            try require(bytes)
        } catch {
            throw refusal(error, backup)
        }
    }

    /// What an archive needs that is not there.
    func refusal(_ problem: Problem, _ archive: String) -> Problem {
        let other = isTemporary ? ", have TMPDIR name a folder where there is room" : ""
        return Problem(
            problem.code, "'\(archive)' cannot be unpacked in '\(folder)'",
            detail: problem.code == .insufficientStorage
                ? problem.detail ?? problem.message : problem.message,
            hint: "Make room there\(other), or unpack the archive yourself where there is: one that is not "
                + "packed needs none.")
    }
}
