import Catalog
import Holdings
import Instance
import Platform
import PostgresFormat
import Repository

/// The WAL that a server leaves when it is deleted.
extension ControlPlane {
    /// Stops the server and brings every byte of its WAL that is not archived yet into the archive.
    ///
    /// A clean stop archives whole segments by itself; what is left, also after a crash, is pushed from
    /// pg_wal, the last and unfinished segment as a `.partial` file.
    func archiveTail(_ row: ServerRow) throws {
        let directory = instancePaths(row).data + "/pg_wal"
        guard DurableFiles.status(directory) != nil else { return }
        try instanceToEnd(row).stop(.fast)
        let archive = WALArchive(layout: layout(row))
        let archived = Set(try archive.names().map(\.fileName))
        let names = try DurableFiles.list(directory)
        for name in names.sorted() where name.hasSuffix(".history") && !archived.contains(name) {
            _ = try archive.push(path: directory + "/" + name, name: name)
        }
        let size = try layout(row).identity().segmentSize
        guard let timeline = try SourceTail.timeline(of: directory, segmentSize: size) else { return }
        // What shows how far its WAL goes will be gone with its files.
        try KnownEndFile(path: paths.knownEnd(row.id)).note(
            try WALTailBound.bounds(
                dataDirectory: instancePaths(row).data, timeline: timeline, segmentSize: size),
            on: timeline)
        let newest = try archive.names().compactMap { name -> SegmentName? in
            if case .segment(let segment) = name, segment.timeline == timeline { segment } else { nil }
        }.max()
        let segments = names.compactMap { SegmentName(fileName: $0, size: size) }
            .filter { $0.timeline == timeline && $0.number > newest?.number ?? 0 }.sorted()
        for segment in segments {
            let path = directory + "/" + segment.fileName
            switch try WALFileProbe.extent(of: path, segment: segment) {
            case .unused: return
            case .complete: _ = try archive.push(path: path, name: segment.fileName)
            case .unfinished: _ = try archive.push(path: path, name: segment.fileName + ".partial")
            }
        }
    }
}
