import ArgumentParser
import Glibc
import Platform

/// The admin's password from where other users of the machine do not see it: a command line is in `ps`.
struct PasswordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the admin password from the only line of this file; - is standard input.",
            valueName: "file"))
    var adminPasswordFile: String?
    @Option(
        help: ArgumentHelp(
            "Take the admin password from this environment variable.", valueName: "variable"))
    var adminPasswordEnv: String?

    func validate() throws {
        if adminPasswordFile != nil, adminPasswordEnv != nil {
            throw ValidationError("give either --admin-password-file or --admin-password-env")
        }
    }

    /// The password; nil where none was given. To be called as the person who gave the command, before root
    /// becomes the servers' account.
    ///
    /// - Parameter typed: the one on the command line.
    func password(or typed: String? = nil) throws(Problem) -> String? {
        if typed != nil, adminPasswordFile != nil || adminPasswordEnv != nil {
            throw Problem(
                .usage, "two admin passwords are given",
                hint: "Give either --admin-password, --admin-password-file or --admin-password-env.")
        }
        if let name = adminPasswordEnv {
            guard let value = getenv(name) else {
                throw Problem(
                    .usage, "the environment has no variable '\(name)'", hint: "Export it first.")
            }
            return String(cString: value)
        }
        return try adminPasswordFile.map { (path) throws(Problem) in try Self.read(path) } ?? typed
    }

    /// One line, with or without its end.
    static func read(_ path: String) throws(Problem) -> String {
        let isInput = path == "-"
        if isInput, isatty(STDIN_FILENO) == 1 {
            throw Problem(
                .usage, "a password is not read from a terminal, where it would be seen",
                hint: "Pipe it in, or name a file that only you can read.")
        }
        let descriptor = isInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        defer { if !isInput, descriptor >= 0 { close(descriptor) } }
        let name = isInput ? "standard input" : path
        guard descriptor >= 0, var bytes = contents(descriptor) else {
            throw Problem(
                .usage, "cannot read a password from \(name)", detail: String(cString: strerror(errno)))
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty, !bytes.contains(UInt8(ascii: "\n")), bytes.count < mostBytes,
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw Problem(
                .usage, "\(name) is not one line with a password",
                hint: "It holds the password, in UTF-8, and nothing else.")
        }
        return text
    }

    private static let mostBytes = 4096

    /// Up to `mostBytes`; nil, with `errno`, where they cannot be read.
    private static func contents(_ descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        var count = 0
        while count < mostBytes {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), mostBytes - count)
            }
            if got < 0, errno == EINTR, !Interruption.flag.isCancelled { continue }
            guard got >= 0 else { return nil }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }
}
