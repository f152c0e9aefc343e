extension ReleaseWAL {
    /// What the recorded server goes through, as a shell script that is given the major version; prints the
    /// directory with the results.
    static let script = RecordedServer.beginning + steps

    private static let steps = #"""
        MAJOR=$1
        cat >>$D/data/postgresql.conf <<CONF
        max_wal_size = 2GB
        autovacuum = off
        track_commit_timestamp = on
        shared_buffers = 16MB
        timezone = 'UTC'
        log_timezone = 'UTC'
        CONF
        # Near the end of a page of commit statuses, so that the next one is begun.
        pg_resetwal -x 32600 -D $D/data >/dev/null
        pg_ctl -D $D/data -l $D/log -w start >/dev/null
        run() { psql -qXAt -v ON_ERROR_STOP=1 -o /dev/null "$@"; }
        run <<SQL
        create table t (id serial primary key, a int, b text, c point, d int[], e inet);
        insert into t (a, b, c, d, e) select i, md5(i::text), point(i % 97, i % 89), array[i % 13, i % 7],
          ('10.0.' || i % 250 || '.' || i % 200)::inet from generate_series(1, 900) i;
        create index on t using btree (b);
        create index on t using hash (a);
        create index on t using gin (d);
        create index on t using gist (c);
        create index on t using spgist (c);
        create index on t using spgist (b text_ops);
        create index brin on t using brin (a) with (pages_per_range = 2);
        insert into t (a, b, c, d, e) select i, md5(i::text), point(i % 97, i % 89), array[i % 13, i % 7, i],
          ('10.0.' || i % 250 || '.' || i % 200)::inet from generate_series(901, 1800) i;
        insert into t (a, b, d) select i % 10, 'same', array[i % 3] from generate_series(1, 1500) i;
        select brin_summarize_new_values('brin');
        select gin_clean_pending_list('t_d_idx');
        update t set a = a + 1 where id % 3 = 0;
        update t set e = '1.2.3.4' where id % 50 = 0;
        delete from t where id % 4 = 0;
        select brin_desummarize_range('brin', 0);
        vacuum t;
        insert into t (a, b, c, d) select i, md5(i::text), point(i, i), array[i] from generate_series(1, 300) i;
        delete from t where id < 1500;
        vacuum (freeze) t;
        update t set b = b || 'x' where id % 2 = 0;
        vacuum (freeze, index_cleanup on) t;
        reindex table t;
        create index on t using gin (d) with (fastupdate = off);
        create table wide (id int primary key, v text);
        alter table wide alter v set storage external;
        insert into wide select i, repeat(md5(i::text), 400) from generate_series(1, 20) i;
        update wide set v = v || 'y' where id < 5;
        insert into wide values (1, 'z') on conflict (id) do update set v = 'conflict';
        insert into wide values (1, 'z') on conflict do nothing;
        insert into wide values (100, 'new') on conflict do nothing;
        copy t (a, b) from program 'seq -f "%g	text" 1 500';
        begin; savepoint a; insert into t (a) values (1); savepoint b; insert into t (a) values (2);
        rollback to b; release a; commit;
        begin; insert into t (a) values (1); rollback;
        do 'begin for i in 1..70 loop begin insert into t (a) values (i); exception when others then null; end;
            end loop; end';
        create sequence s; select setval('s', 500), nextval('s');
        create table doomed as select i from generate_series(1, 100) i;
        begin; savepoint a; insert into t (a) values (3); drop table doomed; prepare transaction 'one';
        begin; insert into t (a) values (4); prepare transaction 'two';
        commit prepared 'one'; rollback prepared 'two';
        begin; select * from t where id = 3401 for share; commit;
        create table emptied as select i from generate_series(1, 1000) i; truncate emptied;
        delete from emptied; vacuum emptied;
        create table lists (d int[]); create index on lists using gin (d) with (fastupdate = off);
        insert into lists select array[1] from generate_series(1, 4000);
        create unlogged table u (i int); insert into u values (1);
        create materialized view m as select count(*) from t; refresh materialized view m;
        cluster t using t_pkey;
        vacuum full pg_class;
        select pg_create_restore_point('a point');
        select pg_logical_emit_message(false, 'test', repeat('m', 100)), pg_logical_emit_message(true, 'test', 'in');
        select pg_switch_wal();
        select pg_replication_origin_create('elsewhere');
        select pg_replication_origin_session_setup('elsewhere');
        begin; insert into t (a) values (9);
        select pg_replication_origin_xact_setup('0/1234', '2020-02-03 04:05:06+00'); commit;
        select pg_replication_origin_session_reset();
        select pg_replication_origin_advance('elsewhere', '0/2345');
        select pg_replication_origin_drop('elsewhere');
        analyze;
        checkpoint;
        create table many (i int);
        do 'begin for i in 1..400 loop begin insert into many values (i) ; exception when others then null; end;
            end loop; end';
        SQL
        # Pages of an extension's, where that is there.
        if [ -e $(pg_config --pkglibdir)/bloom.so ]; then
          run -c 'create extension bloom' -c 'create index on t using bloom (a)' -c 'insert into t (a) values (77)'
        fi
        # Two sessions lock one row: a multixact.
        mkfifo $D/one
        psql -qXAt -o /dev/null <$D/one & OTHER=$!
        exec 4>$D/one
        echo "begin; update t set e = null where id = 3404;" >&4
        echo "select * from t where id = 3402 for key share; \\! touch $D/locked" >&4
        until [ -e $D/locked ]; do read -t 0.01 <> <(:) || true; done
        run -c 'begin; select * from t where id = 3402 for share; update t set e = null where id = 3403; commit'
        run -c 'begin; select * from t where id in (3402, 3404) for key share; commit'
        echo 'commit;' >&4; exec 4>&-; wait $OTHER
        run -c 'update t set a = 5 where id = 3402' -c 'vacuum (freeze) t'
        run -c 'create database copied strategy file_copy' -c 'create database logged strategy wal_log'
        run -c 'drop database copied'
        run -c 'set allow_in_place_tablespaces = on' -c "create tablespace inside location ''"
        run -c "create tablespace outside location '$D/space'" -c 'create table there (i int) tablespace outside' \
          -c 'drop table there' -c 'drop tablespace outside'
        for method in pglz lz4 zstd; do
          run -c "alter system set wal_compression = $method" 2>/dev/null || continue
          run -c 'select pg_reload_conf()'
          run -c checkpoint -c 'update t set a = a + 1 where id % 8 = 0'
          run -c 'update wide set v = v where id < 9' -c 'vacuum t'
          run -c 'create table filled as select i, repeat(i::text, 20) from generate_series(1, 800) i' \
            -c 'create index on filled (i)' -c 'drop table filled'
        done
        run -c 'alter system reset wal_compression'
        echo "max_connections = 77" >>$D/data/postgresql.conf
        echo "wal_level = logical" >>$D/data/postgresql.conf
        pg_ctl -D $D/data -l $D/log -w -m fast restart >/dev/null
        run <<SQL
        alter table t replica identity full;
        update t set a = a + 1 where id % 10 = 0; delete from t where id % 17 = 0;
        begin; savepoint a; insert into t (a) values (1); create table during (i int); commit;
        truncate emptied cascade;
        begin; insert into t (a) values (1); prepare transaction 'three'; commit prepared 'three';
        vacuum full t;
        alter system set full_page_writes = off; select pg_reload_conf();
        SQL
        run -c 'checkpoint' -c 'insert into t (a) values (1)'
        # A crash, and recovery that ends with a checkpoint of its own.
        pg_ctl -D $D/data -m immediate stop >/dev/null
        pg_ctl -D $D/data -l $D/log -w start >/dev/null
        run -c "insert into t (b) values ('the end')"
        pg_ctl -D $D/data -m fast stop >/dev/null
        cp $D/data/pg_wal/???????????????????????? $D/kept/wal/
        cd $D/kept/wal
        names=(*)
        pg_waldump -p . ${names[0]} ${names[-1]} >../waldump 2>../waldump.end || true
        pg_waldump -p . --stats ${names[0]} ${names[-1]} >../stats 2>/dev/null || true
        pg_waldump -p . --stats=record ${names[0]} ${names[-1]} >../records 2>/dev/null || true
        mkdir ../pages
        [ $MAJOR -lt 16 ] || pg_waldump -p . -q --save-fullpage=../pages ${names[0]} ${names[-1]} 2>/dev/null || true
        rm -rf $D/data $D/space $D/log
        echo $D >&3
        """#
}
