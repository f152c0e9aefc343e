import Glibc
import Platform

/// Standard output and standard error without buffering; a reader that went away is no failure.
enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Columns of the terminal; 100 where that is unknown.
    var width: Int {
        var size = winsize()
        guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return min(Int(size.ws_col), 160)
    }

    /// Writes all of it; false when nobody reads any more (`pitr list | head`), which is no failure.
    ///
    /// Throws `.insufficientStorage` on a full disk, `.system` on anything else that keeps it from being
    /// written.
    @discardableResult
    func write(_ text: String) throws(Problem) -> Bool {
        let failure = put(text)
        if failure == EPIPE { return false }
        if failure != 0 { throw Self.problem(failure) }
        return true
    }

    /// Writes what is said beside the result, as far as that is possible: there is nowhere left to complain.
    func say(_ text: String) {
        _ = put(text)
    }

    /// Some file systems tell only at the end that what was written is lost.
    func finish() throws(Problem) {
        guard Glibc.close(rawValue) != 0, errno != EBADF, errno != EINTR, errno != EPIPE else { return }
        throw Self.problem(errno)
    }

    /// The number of the failure; 0 when all is written.
    private func put(_ text: String) -> Int32 {
        var bytes = text[...]
        return bytes.withUTF8 { buffer in
            var rest = UnsafeRawBufferPointer(buffer)
            while !rest.isEmpty {
                let written = Glibc.write(rawValue, rest.baseAddress, rest.count)
                if written < 0 && errno == EINTR { continue }
                if written < 0 && errno == EAGAIN {
                    var ready = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                    continue
                }
                guard written > 0 else { return written < 0 ? errno : EIO }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
            return 0
        }
    }

    private static func problem(_ failure: Int32) -> Problem {
        Problem(
            failure == ENOSPC || failure == EDQUOT ? .insufficientStorage : .system,
            "cannot write to standard output", detail: String(cString: strerror(failure)),
            hint:
                "What the command was to do is done; only its answer is lost. Look with 'pitr list' and 'pitr show' "
                + "before it is repeated.")
    }
}
