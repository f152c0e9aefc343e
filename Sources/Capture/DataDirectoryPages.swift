import CSupport
public import Platform
import PostgresFormat

/// Verifies the checksum of every page of a data directory whose server has been stopped cleanly.
///
/// What a restore empties anyway, unlogged and temporary relations, is passed over.
public enum DataDirectoryPages {
    public struct Finding: Hashable, Sendable {
        public struct Damage: Hashable, Sendable {
            /// Relative to the data directory.
            public var path: String
            /// The first wrong one of the file, or the one that is there in part only.
            public var block: UInt32
        }

        public var files = 0
        public var pages: UInt64 = 0
        public var damage: [Damage] = []
        /// What is there and could not be looked at, with the reason.
        public var passedOver: [String] = []
    }

    /// - Parameter major: the major version whose server the files belong to.
    ///
    /// Throws `.canceled`, and `.system` for what cannot be read.
    public static func check(
        _ directory: String, major: Int, progress: any ProgressReporter, cancellation: CancellationFlag
    ) throws(Problem) -> Finding {
        let walk = try DataDirectoryWalk(directory, major: major)
        let files = walk.files.filter { $0.firstBlock != nil }
        progress.begin("checking pages", totalBytes: files.reduce(0) { $0 + $1.size })
        defer { progress.end() }
        var finding = Finding()
        finding.passedOver = walk.passedOver.map(\.words)
        for file in files {
            guard let first = file.firstBlock else { continue }
            finding.files += 1
            try OpenFile(reading: directory + "/" + file.path).forEachChunk {
                (bytes, offset) throws(Problem) in
                try cancellation.check()
                progress.advance(bytes: UInt64(bytes.count))
                let count = bytes.count / Int(PageCheck.pageSize)
                let block = first + UInt32(offset / PageCheck.pageSize)
                finding.pages += UInt64(count)
                // No page is newer than the end of WAL: all of them are looked at.
                let bad = pitr_first_bad_page(bytes.baseAddress, 0, count, block, UInt64.max)
                // Nothing is being written: a rest below a page is what is left of one.
                let isWhole = bytes.count % Int(PageCheck.pageSize) == 0
                guard bad < count || !isWhole else { return true }
                finding.damage.append(.init(path: file.path, block: block + UInt32(bad)))
                return false
            }
        }
        return finding
    }
}
