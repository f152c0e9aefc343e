extension RecordedWAL {
    /// What the recorded server goes through, as a shell script; prints the directory with the results.
    static let script = RecordedServer.beginning + steps

    private static let steps = #"""
        cat >>$D/data/postgresql.conf <<CONF
        archive_mode = on
        archive_command = 'true'
        max_wal_size = 2GB
        autovacuum = off
        timezone = 'UTC'
        log_timezone = 'UTC'
        CONF
        pg_ctl -D $D/data -l $D/log -w start >/dev/null
        run() { psql -qXAt -v ON_ERROR_STOP=1 -o /dev/null "$@"; }
        pgbench -i -q -s 1 2>/dev/null
        pgbench -n -c 4 -t 250 >/dev/null 2>&1
        run <<SQL
        create table t (id serial primary key, note text);
        create table doomed (x int, y text);
        insert into t (note) select repeat('x', 200) from generate_series(1, 2000);
        begin; insert into t (note) values ('gone'); rollback;
        begin; savepoint a; insert into t (note) values ('a'); savepoint b; insert into t (note) values ('b');
        rollback to b; release a; commit;
        select setval('t_id_seq', 5000); select nextval('t_id_seq');
        begin; savepoint a; insert into t (note) values ('p'); drop table doomed; prepare transaction 'one';
        begin; insert into t (note) values ('q'); prepare transaction 'two';
        commit prepared 'one';
        rollback prepared 'two';
        select pg_create_restore_point('before the truncate');
        truncate t;
        select pg_switch_wal();
        vacuum full pg_class;
        SQL
        run -c 'create database copied strategy file_copy' -c 'create database logged strategy wal_log'
        run -c 'drop database copied'
        run -c 'set allow_in_place_tablespaces = on' -c "create tablespace inside location ''"
        run -c "create tablespace outside location '$D/space'" -c 'drop tablespace outside'
        run -c "select pg_logical_emit_message(false, 'test', repeat('m', 3500000))"
        pg_basebackup -D $D/base -X none -c fast --no-sync -l 'an oracle' 2>/dev/null
        cp $D/data/pg_wal/*.backup $D/kept/backup_history
        echo "max_connections = 77" >>$D/data/postgresql.conf
        echo "wal_level = logical" >>$D/data/postgresql.conf
        pg_ctl -D $D/data -l $D/log -w -m fast restart >/dev/null
        pgbench -n -c 4 -t 250 >/dev/null 2>&1
        run <<SQL
        begin; savepoint a; insert into t (note) values ('a'); savepoint b; insert into t (note) values ('b'); commit;
        begin; insert into t (note) values ('r'); prepare transaction 'three';
        select pg_replication_origin_create('elsewhere');
        select pg_replication_origin_session_setup('elsewhere');
        insert into t (note) values ('with an origin');
        do 'begin for i in 1..70 loop begin insert into t (note) values (i); exception when others then null; end;
            end loop; end';
        commit prepared 'three';
        insert into t (note) values ('the end');
        SQL
        pg_ctl -D $D/data -m fast stop >/dev/null
        pg_controldata $D/data >$D/kept/controldata
        cp $D/data/global/pg_control $D/base/backup_manifest $D/base/backup_label $D/kept/
        cp $D/data/pg_wal/???????????????????????? $D/kept/wal/
        cd $D/kept/wal
        names=(*)
        pg_waldump -p . ${names[0]} ${names[-1]} >../waldump 2>../waldump.end || true
        rm -rf $D/data $D/base $D/log
        echo $D >&3
        """#
}
