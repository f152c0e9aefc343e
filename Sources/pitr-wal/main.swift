import Glibc
import Platform
import PostgresFormat
import Repository

/// What PostgreSQL runs for every WAL file: `push` as archive_command, `get` as restore_command.
///
/// Exit status of `push`: 0 once the file is durable, else 1, and PostgreSQL tries again. Of `get`: 0, 1 when
/// the file is not in the archive, 200 for any other failure; PostgreSQL takes 1 to 125 for "not there" and
/// would end recovery early, above that it stops with an error.
///
/// `unpack` is what opens backups of others; it has no part in archiving. Its exit status is 0 or one of
/// `UnpackingFailure`'s, 2 for wrong use.
enum PitrWal {
    private static let notThere: Int32 = 1
    private static let recoveryMustStop: Int32 = 200

    static func run(_ arguments: [String]) -> Int32 {
        switch (arguments.first, arguments.count) {
        case ("push", 4): push(root: arguments[1], path: arguments[2], name: arguments[3])
        case ("get", 4): get(root: arguments[1], name: arguments[2], destination: arguments[3])
        case ("unpack", 1): unpack()
        case ("version", 1): version()
        default: usage(arguments.first)
        }
    }

    private static func push(root: String, path: String, name: String) -> Int32 {
        do throws(Problem) {
            _ = try WALArchive(layout: RepositoryLayout(root: root)).push(path: path, name: name)
            return 0
        } catch {
            say(error)
            return 1
        }
    }

    private static func get(root: String, name: String, destination: String) -> Int32 {
        do throws(Problem) {
            let layout = RepositoryLayout(root: root)
            let size = try layout.identity().segmentSize
            guard let archived = ArchivedFileName(fileName: name, segmentSize: size) else {
                throw Problem(.usage, "'\(name)' is not the name of a WAL file")
            }
            try WALArchive(layout: layout).extract(archived, to: destination)
            return 0
        } catch {
            say(error)
            return error.code == .walMissing ? notThere : recoveryMustStop
        }
    }

    private static func unpack() -> Int32 {
        do throws(Unpacking.Failure) {
            try Unpacking.gzip(from: STDIN_FILENO, to: STDOUT_FILENO)
            return 0
        } catch {
            write("pitr-wal: \(error.words)\n", to: STDERR_FILENO)
            return error.kind.rawValue
        }
    }

    private static func version() -> Int32 {
        let isWritten = write("pitr-wal \(ProductVersion.current)\n", to: STDOUT_FILENO)
        return isWritten ? 0 : 1
    }

    private static func usage(_ verb: String?) -> Int32 {
        write(
            "usage: pitr-wal push REPOSITORY PATH NAME | get REPOSITORY NAME DESTINATION | unpack | version\n",
            to: STDERR_FILENO)
        return verb == "get" ? recoveryMustStop : 2
    }

    /// One line: it goes into PostgreSQL's log.
    private static func say(_ problem: Problem) {
        var line = "pitr-wal: " + problem.message
        if let detail = problem.detail { line += " (" + detail + ")" }
        if let hint = problem.hint { line += ". " + hint }
        line = String(line.map { $0 == "\n" ? " " : $0 })
        write(line.visible() + "\n", to: STDERR_FILENO)
    }

    @discardableResult
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        text.withCString { Glibc.write(descriptor, $0, strlen($0)) == strlen($0) }
    }
}

StandardDescriptors.fill()
// A limit on the size of files is a failed write: a helper that dies of it would end the archiver, too.
signal(SIGXFSZ, SIG_IGN)
exit(PitrWal.run(Array(CommandLine.arguments.dropFirst())))
