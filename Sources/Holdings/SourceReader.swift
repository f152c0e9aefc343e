public import Platform
import PostgresFormat
import Repository

/// Tells what is held of one source, and what happened there. Nothing is written to the source.
public struct SourceReader: Sendable {
    public let source: Source
    let clock: any WallClock
    let cancellation: CancellationFlag
    let progress: any ProgressReporter

    public init(
        _ source: Source, clock: any WallClock, cancellation: CancellationFlag,
        progress: any ProgressReporter = SilentProgress()
    ) {
        self.source = source
        self.clock = clock
        self.cancellation = cancellation
        self.progress = progress
    }

    var layout: RepositoryLayout { source.layout }

    var archive: WALArchive { WALArchive(layout: source.layout) }
}
