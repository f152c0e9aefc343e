#if canImport(Glibc)
    import Glibc
#endif

/// The three descriptors that every program expects to be open.
public enum StandardDescriptors {
    /// Opens those that whoever started this process had closed; called before anything else is opened.
    ///
    /// A file of ours with the number 1 or 2 would be given what is printed. Standard input and output are
    /// opened the wrong way round, so that using them fails as it does on a closed one.
    public static func fill() {
        let ways: [(number: Int32, flags: Int32)] = [
            (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDWR),
        ]
        for way in ways where fcntl(way.number, F_GETFD) < 0 {
            // The lowest free number is this one. A root directory without devices serves as well.
            if open("/dev/null", way.flags) < 0 { _ = open("/", O_RDONLY) }
        }
    }
}
