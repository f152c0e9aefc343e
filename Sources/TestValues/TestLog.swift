#if canImport(Glibc)
    import Glibc
#endif

/// Remarks of a test for whoever reads its log, on standard error.
public enum TestLog {
    public static func say(_ line: String) {
        _ = (line + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
}
