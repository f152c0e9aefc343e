import Glibc
import Platform

/// The program in which a person reads a long text.
enum Pager {
    /// Shows the text; returns when the person has read it. False where there is no such program.
    static func show(_ text: String) -> Bool {
        guard let pipe = popen(command, "w") else { return false }
        // What the person types there is the pager's, also Ctrl-C; it has its own signals already.
        let before = signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, before) }
        var text = text
        // One that is left before the end does not read the rest.
        _ = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, pipe) }
        let status = pclose(pipe)
        let notFound: Int32 = 127
        return (status >> 8) & 0xFF != notFound
    }

    /// `PAGER` as the person has set it; else what is installed.
    private static var command: String {
        if let set = getenv("PAGER").map({ String(cString: $0) }), set.contains(where: { $0 != " " }) {
            return set
        }
        return "for p in 'less -FX' more cat; do command -v ${p%% *} >/dev/null && exec $p; done; exit 127"
    }
}
