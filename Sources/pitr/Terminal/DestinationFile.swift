import Glibc
import Platform

/// A new file that a command fills. An existing file is never overwritten; a pipe or a device is written to.
struct DestinationFile: Sendable {
    let descriptor: Int32
    /// Nil for what was there before.
    private let madePath: String?

    init(path: String) throws {
        if path == "-" {
            descriptor = fcntl(StandardStream.output.rawValue, F_DUPFD_CLOEXEC, 3)
            madePath = nil
            guard descriptor >= 0 else {
                throw Problem(
                    .system, "cannot write to standard output", detail: String(cString: strerror(errno)))
            }
            return
        }
        let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if made >= 0 {
            descriptor = made
            madePath = path
            return
        }
        guard errno == EEXIST, Self.isStream(path) else {
            throw Problem(
                .usage, "cannot make the file \(path)", detail: String(cString: strerror(errno)),
                hint: errno == EEXIST ? "Choose another name; nothing is overwritten." : nil)
        }
        descriptor = open(path, O_WRONLY | O_CLOEXEC)
        madePath = nil
        guard descriptor >= 0 else {
            throw Problem(.usage, "cannot write to \(path)", detail: String(cString: strerror(errno)))
        }
    }

    private static func isStream(_ path: String) -> Bool {
        var status = stat()
        let kind = stat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
        errno = EEXIST
        return kind == S_IFIFO || kind == S_IFCHR
    }

    /// Whether there was no such file before.
    var isNew: Bool { madePath != nil }

    func close() {
        Glibc.close(descriptor)
    }

    /// Empties and removes what was made; false when the file could not be removed.
    func discard() -> Bool {
        guard let madePath else { return true }
        ftruncate(descriptor, 0)
        return unlink(madePath) == 0
    }
}
