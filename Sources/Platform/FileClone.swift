import CSupport

#if canImport(Glibc)
    import Glibc
#endif

/// Copies that share their blocks with the original until one of the two is written (FICLONE).
public enum FileClone {
    /// Makes `target`, an empty file, a clone of `source`; false when this file system cannot, or not across.
    public static func clone(_ source: OpenFile, to target: OpenFile) throws(Problem) -> Bool {
        switch pitr_clone_file(target.descriptor, source.descriptor) {
        case 0: return true
        case EOPNOTSUPP, ENOTTY, EXDEV, EINVAL, ENOSYS, EPERM, ETXTBSY: return false
        case let failure: throw Problem.system("cannot clone to", target.path, failure)
        }
    }

    /// Whether files clone from `file`'s file system into `directory`: tried on a real, non-empty file.
    public static func works(from file: String, into directory: String) throws(Problem) -> Bool {
        let source = try OpenFile(reading: file)
        let path = DurableFiles.temporaryPath(beside: directory + "/clone-probe")
        let target = try OpenFile(creating: path)
        defer { unlink(path) }
        return try clone(source, to: target)
    }
}
