import Instance
import Platform
import PostgresClient

/// Reading what a running source has not archived yet, which it may be unable to tell just then.
extension ControlPlane {
    /// What reading a server's WAL through a connection gave; nil where it does not run (any more), and its
    /// files are there to be read.
    ///
    /// - Parameters:
    ///   - read: tried again while the server starts or stops.
    ///   - undo: removes what a failed attempt left.
    func whileRunning<Value>(
        _ instance: PostgresInstance, read: () throws(Problem) -> Value, undo: () -> Void
    ) throws(Problem) -> Value? {
        let watch = Stopwatch()
        while case .running = instance.status() {
            do throws(Problem) {
                return try read()
            } catch {
                undo()
                guard case .running = instance.status() else { break }
                guard watch.seconds < Self.patience(with: error, instance) else { throw error }
                try cancellation.check()
                Pause.milliseconds(50)
            }
        }
        return nil
    }

    /// For how many seconds a failed reading is tried again: the server turns everybody away while it starts
    /// or stops, and at the very end of a stop nobody listens any more. One that takes connections by now may
    /// have done neither when it was asked.
    private static func patience(with problem: Problem, _ instance: PostgresInstance) -> Double {
        guard problem.code == .queryFailed,
            let parameters = try? instance.connectionParameters()
        else { return 0 }
        return switch Connection.ping(parameters) {
        case .rejects: 60
        case .silent: 5
        case .accepts: 1
        }
    }
}
