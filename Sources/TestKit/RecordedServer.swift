/// How scripts begin that record the WAL of a server of their own, in small segments and in `$D`.
enum RecordedServer {
    static let beginning = #"""
        set -euo pipefail
        exec 3>&1 1>&2
        D=$(mktemp -d $SCRATCH/pitr-log.XXXXXX)
        trap 'pg_ctl -D $D/data -m immediate stop >/dev/null 2>&1 || true; rm -rf $D' ERR
        export PGHOST=$D PGDATABASE=postgres PGUSER=tester PGOPTIONS='-c client_min_messages=error'
        mkdir $D/kept $D/kept/wal $D/space
        initdb -D $D/data -U tester -A trust -k --no-sync --wal-segsize=1 -E UTF8 --locale=C >/dev/null
        cat >>$D/data/postgresql.conf <<CONF
        listen_addresses = ''
        unix_socket_directories = '$D'
        fsync = off
        max_prepared_transactions = 5
        wal_keep_size = 1GB
        CONF

        """#
}
