import CSupport

/// The file system that somebody writes to, watched from before he begins.
///
/// Linux writes what is in memory to the disk whenever it likes. Where that fails it tells those who had the
/// file system open then, and of the others only the first who asks: another's flush would take it away.
public struct WatchedFileSystem: Sendable {
    private let file: OpenFile

    /// - Parameter path: of anything on it.
    public init(_ path: String) throws(Problem) {
        file = try OpenFile(reading: path)
    }

    /// Returns once everything on it is on the disk; throws where something written since it is watched did
    /// not get there.
    public func flush() throws(Problem) {
        let failure = pitr_sync_file_system(file.descriptor)
        if failure != 0 { throw Problem.system("cannot flush the file system of", file.path, failure) }
    }
}
