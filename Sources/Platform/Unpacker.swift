#if canImport(Glibc)
    import Glibc
#endif

/// How `pitr-wal unpack` tells what failed, as sysexits.h numbers it. Part of what two programs agree on that
/// need not be of the same version: no other status of it speaks of what came in.
public enum UnpackingFailure: Int32, Sendable {
    /// What came in is not what gzip wrote.
    case damaged = 65
    case noMemory = 71
    case inputOutput = 74
}

/// A program that unpacks what comes to it, and what its end says of that.
struct Unpacker: Sendable {
    let command: Command
    /// Whether damage has an exit status of its own. A packer's own program has one for all that it refuses.
    let isHelper: Bool

    init(helper: String) {
        command = Command(helper, ["unpack"])
        isHelper = true
    }

    init(_ packing: Packing) {
        command = Command(packing.rawValue, packing.unpacking)
        isHelper = false
    }

    /// The helper that lies beside this program unpacks what gzip packed faster than gzip does.
    static func beside(_ packing: Packing) -> Unpacker {
        if packing == .gzip, let helper { return Unpacker(helper: helper) }
        return Unpacker(packing)
    }

    private static let helper: String? = {
        guard let own = DurableFiles.linkTarget("/proc/self/exe") else { return nil }
        let helper = DurableFiles.parent(of: own) + "/pitr-wal"
        return access(helper, X_OK) == 0 ? helper : nil
    }()

    /// Why the program could not even be run.
    func refusal(_ error: Problem, of path: String) -> Problem {
        guard !isHelper else { return failure(of: path, error.detail ?? error.message) }
        return Problem(
            .operationNotSupported, "'\(path)' is packed with \(command.executable)",
            detail: error.detail ?? error.message,
            hint: "Install \(command.executable), or unpack the file somewhere else and open that.")
    }

    /// What an exit status other than zero means.
    ///
    /// - Parameter words: what the program said.
    func problem(_ status: Int32, _ words: String, of path: String) -> Problem {
        let end = "it ended with exit status \(status)" + (words.isEmpty ? "" : " and said: \(words)")
        // From 126 on it was not run, or a signal ended it: that is nothing which it found in the file.
        let isDamage = isHelper ? status == UnpackingFailure.damaged.rawValue : status < 126
        guard isDamage else { return failure(of: path, end) }
        let said = words.isEmpty ? "exit status \(status)" : words
        return Problem(
            .backupDamaged, "'\(path)' cannot be unpacked", detail: "\(command.name) says: \(said)")
    }

    private func failure(of path: String, _ detail: String) -> Problem {
        let hint =
            isHelper
            ? "The file itself need not be damaged. 'pitr-wal version' and 'pitr --version' have to tell the "
                + "same; if they do, remove the cause and try again."
            : "The file itself need not be damaged. Remove the cause and try again."
        return Problem(
            .system, "\(command.executable) failed, which was to unpack '\(path)'", detail: detail,
            hint: hint)
    }
}
