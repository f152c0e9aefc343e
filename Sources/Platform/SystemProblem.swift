#if canImport(Glibc)
    import Glibc
#endif

extension Problem {
    /// A failed system call on a path: `cannot open "/x": No such file or directory`.
    ///
    /// A full disk or quota becomes `.insufficientStorage`.
    public static func system(_ action: String, _ path: String, _ number: Int32) -> Problem {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        if number == ENOSPC || number == EDQUOT {
            return Problem(
                .insufficientStorage, "\(action) '\(path)': \(reason)",
                hint:
                    "Make room on that file system, but not by hand in pitr's state directory; the work can then be "
                    + "repeated.")
        }
        return Problem(
            .system, "\(action) '\(path)': \(reason)",
            hint: number == EFBIG
                ? "Raise the limit on the size of files, see 'ulimit -f', and repeat the work." : nil)
    }
}
