/// Words that people type out of habit, and what is meant: the first candidate that exists is suggested.
enum Synonyms {
    /// In the place of a command; paths of commands.
    static let commands: [String: [String]] = table([
        "list": "ls dir all servers server flexible-server postgres az instances ps copies",
        "show": "status stat info describe get inspect view cat top watch",
        "connect | show-connection-string": "psql shell login console sql session",
        "execute | connect | show-connection-string": "exec query run-sql",
        "show-connection-string": "url uri dsn connection-string connstr conn connection",
        "backup list": "backups",
        "backup create": "snapshot",
        "backup verify": "verify",
        "undo": "flashback revert unde repair compensate",
        "compare": "diff difference differences cmp reladiff",
        "export": "dump unload extract pg_dump csv",
        "usage": "du df disk space cost costs memory",
        "restore": "rollback recover recovery rewind pitr clone fork branch copy point-in-time",
        "revive-dropped": "undelete undrop revive resurrect",
        "geo-restore": "georestore failover",
        "restore-point create": "savepoint mark label",
        "restore-point": "restorepoint restore-points",
        "delete": "rm remove drop del destroy",
        "create": "new init add make",
        "start": "up run boot",
        "stop": "down shutdown halt",
        "restart": "reboot bounce",
        "update": "edit modify alter change resize scale set expire hold",
        "upgrade": "pg_upgrade upgrade-major migrate",
        "parameter list": "parameters params param config configuration configure settings guc gucs",
        "db list": "databases database dbs",
        "firewall-rule list": "firewall firewall-rules fw rules",
        "firewall-rule create": "allow",
        "group list": "groups",
        "activity-log list": "activity audit logs log",
        "timeline": "history events changes",
        "wal": "xlog",
        "wal show": "waldump pg_waldump",
        "operation list": "operations ops jobs tasks",
        "evidence list": "evidences proof",
        "evidence bundle": "bundle attest",
        "drill run": "rehearse rehearsal exercise practice",
        "drill list": "drills rehearsals",
        "result list": "results outcomes repairs",
        "plan": "preview what-if whatif simulate dry-run dryrun",
        "doctor": "check health diagnose",
        "portal": "web browser ui gui dashboard",
        "maintain": "maintenance cleanup prune gc",
        "serve": "daemon api",
        "attach": "adopt register connect-source",
        "reattach": "reconnect",
        "open": "import load inspect validate verifybackup pg_verifybackup",
        "detach": "unregister disconnect forget",
        "receive": "receivewal pg_receivewal stream",
        "list-skus": "skus sizes",
        "completion": "completions autocomplete complete",
        "demo": "tutorial example",
    ])

    /// In the place of a command of a group.
    static let subcommands: [String: [String]] = table([
        "list": "ls all dir",
        "show": "get info status describe view cat inspect dump",
        "delete": "rm remove drop del destroy",
        "create": "add new make take",
        "set | update": "edit change modify alter update",
        "update | set": "set",
        "verify": "check test",
        "cancel": "stop abort kill",
        "get": "fetch download extract",
        "stats": "statistics count",
    ])

    /// In the place of an option, without its dashes.
    static let options: [String: [String]] = table([
        "restore-time":
            "to time at when date timestamp point-in-time restore-point-in-time target target-time "
            + "recovery-target-time before-time until-time",
        "source-server | server-name": "source src from from-server",
        "server-name | source-server | name": "server server-name instance name",
        "name | source-server | server-name": "target-server new-name new copy",
        "resource-group": "group rg",
        "output": "format out json",
        "admin-password": "password pass pw",
        "admin-user": "user username login admin",
        "listen | start-ip-address": "host ip address bind ip-address",
        "database-name": "database db dbname",
        "name": "rule-name",
        "backup | name": "backup-name",
        "home": "dir data-dir state-dir pitr-home",
        "only-show-errors": "quiet silent",
        "verbose": "debug",
        "replace | yes": "force",
        "yes": "assume-yes no-prompt",
        "dry-run": "dryrun what-if simulate preview",
        "no-wait": "background async detach",
        "sku-name": "sku size compute",
        "lsn": "position target-lsn recovery-target-lsn",
        "xid": "transaction txid transaction-id target-xid recovery-target-xid",
        "restore-point": "point label target-name recovery-target-name restore-point-name",
        "before": "before-event event",
        "exclusive": "not-inclusive no-inclusive",
        "backup-retention": "retention retention-days",
        "storage-size": "storage disk disk-size",
        "version": "pg-version postgres-version",
        "start-ip-address": "from-ip start-ip",
        "end-ip-address": "end-ip to-ip",
        "from | start-time": "since start after",
        "restore-time | to | end-time": "until to-time till end",
        "limit | max-events": "max count",
        "min-rows": "rows minimum-rows",
        "table": "tables relation",
        "where": "filter condition",
        "where-after": "became filter-after",
        "columns": "column fields cols",
        "temporary": "temp tmp",
        "tags": "tag",
        "expires": "expiry expire expiration expires-at expires-in ttl lifetime delete-after keep-for",
        "hold": "keep protect",
        "replace": "overwrite replace-existing recreate",
    ])

    /// - Parameter rows: candidates, parted by `|`, and the words that mean them, parted by blanks; each word
    ///   once.
    private static func table(_ rows: KeyValuePairs<String, String>) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for (candidates, words) in rows {
            let candidates = candidates.split(separator: "|").map { part in
                part.split(separator: " ").joined(separator: " ")
            }
            for word in words.split(separator: " ") {
                result[String(word)] = candidates.filter { $0 != String(word) }
            }
        }
        return result
    }
}
