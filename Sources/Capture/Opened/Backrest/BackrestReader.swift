import Glibc
import Platform
import Repository

/// Reads the files of a backup out of a repository of pgBackRest, and compares each with its SHA-1.
struct BackrestReader {
    let backup: BackrestBackup
    let cancellation: CancellationFlag
    let progress: any ProgressReporter

    func read(_ body: (FoundBaseReader.Piece) throws -> Void) throws {
        for directory in backup.directories { try body(.directory(directory)) }
        let room = RawBuffer(count: 1 << 20)
        var openings = BackrestOpenings(backup: backup, cancellation: cancellation)
        var stream: BackrestStream?
        for (number, file) in backup.files.enumerated() {
            try cancellation.check()
            guard file.size > 0 else {
                // It need not lie there.
                try body(.file(file.path, modified: file.modified))
                try body(.end)
                continue
            }
            if file.blocks != nil || file.isApart {
                stream = nil
                try body(.file(file.path, modified: file.modified))
                let damage = try copyBlocks(file, body)
                try body(.end)
                if let damage { try body(.damaged("'\(file.path)' \(damage)")) }
                continue
            }
            // What is packed one behind the other is unpacked in one go.
            if stream?.goesOn(with: file) != true {
                switch try openings.open(number) {
                case .stream(let opened): stream = opened
                case .damaged(let words):
                    stream = nil
                    try body(.damaged("'\(file.path)' \(words)"))
                }
            }
            guard let source = stream else { continue }
            try body(.file(file.path, modified: file.modified))
            let damage = try copy(file, source, room.bytes, body)
            try body(.end)
            if let damage {
                try body(.damaged("'\(file.path)' \(damage)"))
                // What follows is looked for at its own place.
                stream = nil
            }
        }
    }

    /// What is wrong with a file that is kept as blocks, in words; nil where nothing is.
    private func copyBlocks(
        _ file: BackrestBackup.File, _ body: (FoundBaseReader.Piece) throws -> Void
    ) throws -> String? {
        var sum = SHA1()
        var content: BlockContent?
        while true {
            let piece: UnsafeRawBufferPointer?
            do throws(Problem) {
                if content == nil { content = try BlockContent(file, backup, cancellation) }
                piece = try content?.next()
            } catch {
                guard error.code == .backupDamaged else { throw error }
                return error.detail.map { "\(error.message): \($0)" } ?? error.message
            }
            guard let piece else { break }
            sum.add(piece)
            try body(.content(piece))
            progress.advance(bytes: UInt64(piece.count))
        }
        return sum.finish() == file.sha1 ? nil : "does not have the SHA-1 of its manifest"
    }

    /// What is wrong with the file, in words; nil where nothing is.
    private func copy(
        _ file: BackrestBackup.File, _ stream: BackrestStream, _ room: UnsafeMutableRawBufferPointer,
        _ body: (FoundBaseReader.Piece) throws -> Void
    ) throws -> String? {
        var sum = SHA1()
        var left = file.size
        while left > 0 {
            let count: Int
            let wanted = Int(min(left, UInt64(room.count)))
            do throws(Problem) {
                count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]))
            } catch {
                guard error.code == .backupDamaged else { throw error }
                return "cannot be unpacked: \(error.detail ?? error.message)"
            }
            guard count > 0 else {
                return "has \(file.size - left) bytes, and its manifest says \(file.size)"
            }
            let bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
            sum.add(bytes)
            try body(.content(bytes))
            progress.advance(bytes: UInt64(count))
            left -= UInt64(count)
        }
        guard sum.finish() == file.sha1 else { return "does not have the SHA-1 of its manifest" }
        return try stream.end(of: file) ? nil : "has more bytes than its manifest says"
    }
}

/// Opens files in the order in which they are read. Programs that unpack one file each are begun some files
/// ahead: beginning and ending them takes longer than most files.
private struct BackrestOpenings {
    enum Opening {
        case stream(BackrestStream)
        /// What is wrong with it, in words.
        case damaged(String)
    }

    private static let ahead = 8

    private let backup: BackrestBackup
    private let cancellation: CancellationFlag
    private var places: FoundPlaces
    private var begun: [Int: Opening] = [:]
    private var next = 0

    init(backup: BackrestBackup, cancellation: CancellationFlag) {
        self.backup = backup
        self.cancellation = cancellation
        places = FoundPlaces(root: backup.folder)
    }

    mutating func open(_ number: Int) throws(Problem) -> Opening {
        next = max(next, number)
        while next < min(number + Self.ahead, backup.files.count) {
            let file = backup.files[next]
            if file.offset == nil, file.size > 0, file.blocks == nil { begun[next] = try opening(file) }
            next += 1
        }
        if let opened = begun.removeValue(forKey: number) { return opened }
        return try opening(backup.files[number])
    }

    private mutating func opening(_ file: BackrestBackup.File) throws(Problem) -> Opening {
        guard let status = places.status(file.place) else {
            return .damaged("is missing: there is no file '\(file.place)'")
        }
        do throws(Problem) {
            return .stream(try BackrestStream(file, status, backup, cancellation))
        } catch {
            guard error.code == .backupDamaged else { throw error }
            return .damaged("cannot be read: \(error.message)")
        }
    }
}

/// The content of one file of the repository, from the beginning of one file of the backup.
private final class BackrestStream {
    private let place: String
    private let file: OpenFile
    private let unpacked: UnpackedFile?
    /// Where what was read last ends, as it lies there.
    private var offset: UInt64
    private var storedEnd: UInt64

    init(
        _ wanted: BackrestBackup.File, _ status: FileStatus, _ backup: BackrestBackup,
        _ cancellation: CancellationFlag
    ) throws(Problem) {
        place = wanted.place
        offset = wanted.offset ?? 0
        storedEnd = offset
        file = try FoundFolder.open(backup.folder + "/" + place, status)
        guard let packing = backup.packing else {
            unpacked = nil
            return
        }
        // Its program reads on from there, into the files behind it.
        guard let start = Int(exactly: offset), lseek(file.descriptor, start, SEEK_SET) == start else {
            throw Problem(.backupDamaged, "'\(place)' has no \(offset) bytes")
        }
        let unpacked = try UnpackedFile(file, cancellation: cancellation)
        guard unpacked.packing == packing else {
            throw Problem(
                .backupDamaged, "'\(place)' is not packed with \(packing.rawValue), as its manifest says")
        }
        self.unpacked = unpacked
    }

    func goesOn(with next: BackrestBackup.File) -> Bool {
        next.offset != nil && next.place == place && next.offset == storedEnd
    }

    func read(into room: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        if let unpacked { return try unpacked.read(into: room) }
        let count = try file.read(into: room, at: offset)
        offset += UInt64(count)
        return count
    }

    /// Whether all of a file was read that has one of its own; in a bundle others follow.
    func end(of whole: BackrestBackup.File) throws(Problem) -> Bool {
        if let start = whole.offset {
            storedEnd = start &+ whole.storedBytes
            return true
        }
        let more = RawBuffer(count: 1)
        do throws(Problem) {
            return try read(into: more.bytes) == 0
        } catch {
            guard error.code == .backupDamaged else { throw error }
            return false
        }
    }
}
