import Notation

/// The text that lies in every repository for a person who has nothing but stock tools.
enum RepositoryReadme {
    static func text(_ identity: RepositoryIdentity) -> String {
        """
        This folder is the repository of one PostgreSQL \(identity.postgresMajor) server
        (server id \(identity.serverID), system identifier \(identity.systemIdentifier)):
        its base backups and its write-ahead log. None of them is ever changed, only added and expired.

          repository.json             what this folder is
          server.json                 what pitr knows of the server; rewritten when that changes
          backups/<name>/             one base backup: backup.json, PostgreSQL's backup_manifest,
                                      and under data/ the files of the data directory. Where the name ends in
                                      .zst the file is compressed; backup.json says "storage": "zstd".
          wal/<timeline>/<name>.zst   WAL segments, each a stock zstd file
          wal/<timeline>/<name>.index what happened in a segment; not needed to restore, and may be removed
          wal/<timeline>.history.zst  timeline histories

        To restore by hand, as the account that runs PostgreSQL \(identity.postgresMajor), with zstd:

          cp -a backups/<name>/data /path/to/newdata     (each backup.json tells when it was taken)
          find /path/to/newdata -name '*.zst' -exec zstd -d --rm -q {} +
          chmod -R go-rwx /path/to/newdata
          pg_verifybackup -n -m backups/<name>/backup_manifest /path/to/newdata

        Put your postgresql.conf and pg_hba.conf into the new directory, and into postgresql.conf:

          restore_command = 'f="%f"; case $f in *.history) d=;; *) d="$(printf %%.8s "$f")/";; esac; \
        zstd -dqf "/path/to/this/folder/wal/$d$f.zst" -o "%p"'
          recovery_target_time = '2026-01-31 12:00:00+00'   (leave out for the latest state)
          recovery_target_action = 'promote'
          archive_mode = off
          max_logical_replication_workers = 0

        Without the last line a server with subscriptions would take changes away from the old one. Before you
        remove it: UPDATE pg_subscription SET subenabled = false, subslotname = NULL.

        Where backup.json names tablespaces, they are directories in pg_tblspc, and PostgreSQL also needs:

          allow_in_place_tablespaces = on

        CREATE TABLESPACE in the WAL leads the new server to the directory that the old one used: on the same
        machine stop before it (pg_waldump --rmgr=Tablespace finds it), or the two share their files.

        Then: touch /path/to/newdata/recovery.signal, and start the server with pg_ctl.

        """
    }
}
