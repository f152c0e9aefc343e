/// What `pitr help` tells beside the commands.
enum HelpTopic: String, CaseIterable {
    case targets, times
    case exitStatuses = "exit-statuses"
    case environment

    /// Also `exit statuses`, `exit-status`, `target`, `env`: what people type; nil for all else.
    static func named(_ words: some Sequence<String>) -> HelpTopic? {
        switch words.joined(separator: "-").lowercased() {
        case "targets", "target": .targets
        case "times", "time": .times
        case "exit-statuses", "exit-status", "exit-codes", "exit-code", "exit": .exitStatuses
        case "environment", "environment-variables", "variables": .environment
        default: nil
        }
    }

    /// As the help of all commands names them.
    static let list = allCases.map { "'pitr help \($0.rawValue)'" }.joined(separator: ", ")

    var text: String {
        switch self {
        case .targets: Self.targetsText
        case .times: Self.timesText
        case .exitStatuses: Self.statusesText
        case .environment: Self.environmentText
        }
    }

    private static let targetsText = """
        TARGETS: up to where 'plan', 'explain', 'restore' and 'geo-restore' go. One of:

          (none)                  the latest moment: everything that is durable now
          --restore-time TIME     all transactions that committed up to this time ('pitr help times')
          --before EVENT          just before something happened: 'drop table orders in database shop',
                                  'truncate orders', 'delete from orders', 'drop database shop',
                                  'restore point release-42'; of several: --latest, --nth N, --min-rows N
          --xid N                 up to and with the record that ends this transaction
          --lsn LSN               up to and with the first record that starts at or after this position
          --restore-point NAME    a point that 'pitr restore-point create' has named
          --backup NAME           a base backup alone, without replay beyond its end

        --exclusive goes with --xid and --lsn: the copy ends in front of that record.
        --timeline N follows another timeline than the source's own.

        'pitr timeline -s NAME' shows what happened, each with the command that restores to just before it.
        'pitr plan' with the same options says what will be inside, and changes nothing.

        """

    private static let timesText = """
        TIMES, as all options take them:

          04:37, 04:37:59.5                the last such time that has passed
          'today 9:00', 'yesterday 18:00'
          '2026-11-29 04:37'
          '2 hours ago', '1 day 30 minutes ago', 'an hour ago'
          2026-11-29T04:37:59.123456Z, 2026-11-29T05:37:59+01:00

        Without a zone a time is UTC, as with az. A zone may follow:

          '04:37 local'                    this machine's own
          'yesterday 18:00 Europe/Paris'   a name of the zone database
          '04:37 CET', '04:37 +02:00'      a fixed offset: CET is +01:00 in summer too, CEST is +02:00

        What was understood is said in UTC and in this machine's zone. A local time that a clock showed twice
        or never, because clocks were set back or forward, is refused with both readings.

        """

    private static let statusesText = """
        EXIT STATUSES

          0   done; with --help too
          1   refused or failed: the code in parentheses says why; also damage that 'wal verify',
              'backup verify' or 'doctor' found, and differences that 'compare' found
          2   wrong use: an unknown word, an option that is missing or has a wrong value
          3   what was named is not there: a server, a group, a backup, a target

        Results go to standard output and all else to standard error, so that 'pitr show -n NAME -o json'
        can be piped on.

        """

    private static let environmentText = """
        ENVIRONMENT

          PITR_HOME        the state directory; --home goes before it. Else /var/lib/pitr for root, and
                           $XDG_STATE_HOME/pitr or ~/.local/state/pitr for a user
          TZ               this machine's zone: what 'local' means, and times are shown in beside UTC
          PITR_POSTGRES_DIRS  directories of PostgreSQL's programs, with colons between them, in front of those
                           where packages put them
          PATH             where PostgreSQL's programs are looked for after those directories

        libpq's variables (PGPASSWORD, PGOPTIONS, …) count for 'connect' and 'execute', which find the server
        themselves. pitr's own connections never depend on them.

        """
}
