import ControlPlane
import Platform

/// libpq's variables that lead to a server, and the way back from them.
struct ClientEnvironment {
    /// Variables, in the order in which they are told.
    let variables: [(name: String, value: String)]

    /// What would lead elsewhere: an address beside the host, a service's settings, a cluster that Debian's
    /// `psql` picks.
    static let inTheWay = ["PGHOSTADDR", "PGSERVICE", "PGCLUSTER"]
    private static let set = ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE", "PGSSLROOTCERT"]
    private static let marker = "PITR_CLIENT_ENV"

    init(_ address: ClientAddress, database: String, login: String) {
        let values = [
            address.host, String(address.port), login, database, "verify-full", address.rootCertificate,
        ]
        variables = zip(Self.set, values).map { (name: $0, value: $1) }
    }

    /// Lines for a POSIX shell's `eval`. The shell keeps what it had itself, since it need not have told
    /// this process (`sudo` does not); once only, so that a second server does not hide it.
    var script: String {
        let names = (Self.set + Self.inTheWay).joined(separator: " ")
        let keep =
            "[ -n \"${\(Self.marker)-}\" ] || for pitr_name in \(names); do "
            + "eval \"[ -z \\\"\\${$pitr_name+x}\\\" ] || export PITR_SAVED_$pitr_name=\\\"\\$$pitr_name\\\"\"; done"
        let exports = variables.map { "export \($0.name)=\(Command.shellQuoted($0.value))" }
        return
            ([keep, "unset pitr_name \(Self.inTheWay.joined(separator: " "))"] + exports
            + ["export \(Self.marker)=1"]).joined(separator: "\n") + "\n"
    }

    /// Lines that put everything back; nothing where nothing was set.
    static var undo: String {
        let lines = (set + inTheWay).map { name in
            let saved = "PITR_SAVED_\(name)"
            return "  if [ -n \"${\(saved)+x}\" ]; then export \(name)=\"$\(saved)\"; unset \(saved); "
                + "else unset \(name); fi"
        }
        return
            (["if [ -n \"${\(marker)-}\" ]; then"] + lines + ["  unset \(marker)", "fi"])
            .joined(separator: "\n") + "\n"
    }
}
