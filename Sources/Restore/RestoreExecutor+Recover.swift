import Foundation
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repository

/// Arm, recover, prove, settle: PostgreSQL replays, and what it did is checked.
extension RestoreExecutor {
    /// Arm: the recovery configuration, the signal file, and pg_control as the very last.
    func arm() throws(Problem) {
        // Not flushed: the operation's folder is worth nothing after a crash, and a flush would have to wait
        // for the files that were just laid out.
        for file in recoveryFiles {
            try DurableFiles.write(Array(file.content.utf8), to: file.path, durable: false)
        }
        try DurableFiles.rename(job.controlFile, to: job.dataDirectory + "/global/pg_control")
    }

    /// What recovery runs with: the source's minima, speed instead of durability (one sync of everything
    /// follows), and no way to reach the outside world or the source.
    func recoverySettings() -> String {
        let minima = job.plan.minima
        let sizes = WALSizeSettings(job.plan.segmentSize)
        let lines =
            [
                "data_directory = \(SettingsText.quoted(job.dataDirectory))",
                "hba_file = \(SettingsText.quoted(job.recoveryConfiguration + "/pg_hba.conf"))",
                "ident_file = \(SettingsText.quoted(job.recoveryConfiguration + "/pg_ident.conf"))",
                "unix_socket_directories = \(SettingsText.quoted(job.socketDirectory))",
                "unix_socket_permissions = 0700", "listen_addresses = ''", "port = 5432",
                "cluster_name = 'pitr recovery'", "timezone = 'UTC'", "log_timezone = 'UTC'",
                "lc_messages = 'C'",
                "logging_collector = off",
                "hot_standby = off", "archive_mode = off",
                "restore_command = \(SettingsText.quoted(WALStaging(job).waitCommand))",
                job.plan.setting.configurationLine,
                "recovery_target_inclusive = \(job.plan.setting.isInclusive ? "on" : "off")",
                "recovery_target_action = 'promote'",
                "recovery_target_timeline = '\(job.plan.recoveryTimeline)'",
                "max_connections = \(minima.maxConnections)",
                "max_worker_processes = \(minima.maxWorkerProcesses)",
                "max_wal_senders = \(minima.maxWalSenders)",
                "max_prepared_transactions = \(minima.maxPreparedTransactions)",
                "max_locks_per_transaction = \(minima.maxLocksPerTransaction)",
                "wal_level = replica", "shared_buffers = \(job.memory.buffersMiB)MB", "huge_pages = off",
                "recovery_prefetch = \(job.memory.prefetches ? "try" : "off")",
                "fsync = off", "full_page_writes = off", "synchronous_commit = off", "wal_recycle = off",
                "wal_init_zero = off", "checkpoint_timeout = '1d'", "max_wal_size = '10TB'",
                "min_wal_size = \(sizes.smallest)",
                "autovacuum = off",
                "bgwriter_lru_maxpages = 0", "max_logical_replication_workers = 0", "jit = off",
                // A copy's tablespaces are directories in pg_tblspc, which PostgreSQL else takes for damage.
                "allow_in_place_tablespaces = on", "restart_after_crash = off",
                "shared_preload_libraries = ''",
                "session_preload_libraries = ''", "local_preload_libraries = ''",
                // A session that begins looks at the catalogs before it has settings of its own.
                "lock_timeout = '\(RestoreJob.lockTimeoutSeconds)s'",
            ] + (job.installation.version.canTurnEventTriggersOff ? ["event_triggers = off"] : [])
            // What is left out is replayed for pages that are not there, each of which is warned of.
            + (job.partial == nil
                ? ["log_min_messages = info"] : ["ignore_invalid_pages = on", "log_min_messages = error"])
        return lines.joined(separator: "\n") + "\n"
    }

    /// Recover: PostgreSQL replays to the target and promotes itself, while the rest of the WAL is still
    /// staged, and what the copy needs besides its data is made.
    func recover() throws(Problem) {
        let total = job.plan.expectedEnd.distance(from: job.plan.backupStart)
        job.progress.begin("recovery", totalBytes: total)
        defer { job.progress.end() }
        let pid = try job.recovering.launch()
        let clones = try BackupRepository(layout: job.layout).find(job.plan.backupName)?.storage == .plain
        let staging = WALStaging(job)
        let executor = self
        try Workers.run(4) { worker throws(Problem) in
            switch worker {
            case 0: try staging.stageRest()
            case 1: try staging.failing { () throws(Problem) in try executor.job.meanwhile?() }
            // Of clones there is not much to be written: what there is, is then out of the way of the flush
            // that counts. Files with blocks of their own are on their way to the disk already.
            case 2: if clones { try executor.flush() }
            default:
                defer { staging.stop() }
                try executor.watch(pid, staging, total: total)
            }
        }
    }

    /// Returns when the server has left recovery, or when what is done beside it has failed.
    private func watch(_ pid: Int32, _ staging: WALStaging, total: UInt64) throws(Problem) {
        var reported: UInt64 = 0
        var looks = 0
        while !job.recovering.saysReady(pid) {
            if staging.hasFailed { return }
            try job.cancellation.check()
            guard !ChildProcess.hasEnded(pid) else { throw recoveryFailure() }
            if looks % 50 == 0,
                let segment = Self.replayedSegment(postmaster: pid, size: job.plan.segmentSize)
            {
                let done = min(total, segment.start.distance(from: job.plan.backupStart))
                if done > reported {
                    job.progress.advance(bytes: done - reported)
                    reported = done
                }
                job.progress.note("replaying \(segment)")
            }
            looks += 1
            Pause.milliseconds(2)
        }
    }

    /// PostgreSQL's own reason, in words.
    private func recoveryFailure() -> Problem {
        let lines = job.recovering.lastLogLines(40)
        let fatal = lines.last { $0.contains("FATAL:") || $0.contains("PANIC:") }
        let text = fatal.flatMap { line in
            line.range(of: "FATAL:").map { line[$0.upperBound...].trimmingCharacters(in: .whitespaces) }
        }
        return Problem(
            .recoveryFailed, "PostgreSQL did not reach the target",
            detail: text ?? lines.suffix(5).joined(separator: "\n"),
            hint: "The whole log of the recovery is in \(job.recoveryLog).")
    }

    /// The segment that the startup process names in its title.
    private static func replayedSegment(postmaster: Int32, size: WALSegmentSize?) -> SegmentName? {
        guard let size,
            let children = try? DurableFiles.readIfPresent("/proc/\(postmaster)/task/\(postmaster)/children")
        else { return nil }
        for child in String(decoding: children, as: UTF8.self).split(separator: " ") {
            guard let title = try? DurableFiles.readIfPresent("/proc/\(child)/cmdline") else { continue }
            let words = String(decoding: title.prefix { $0 != 0 }, as: UTF8.self).split(separator: " ")
            if words.contains("recovering"), let last = words.last,
                let segment = SegmentName(fileName: String(last), size: size)
            {
                return segment
            }
        }
        return nil
    }

    /// Prove: the new timeline's history says where and why replay ended; it must be the plan's byte.
    func prove() throws(Problem) -> RestoreProof {
        do throws(Problem) {
            return try examine()
        } catch {
            guard error.code == .queryFailed, !job.plan.inDoubt.isEmpty else { throw error }
            throw lockedOut(error)
        }
    }

    /// What the plan could not foresee: a lock of a prepared transaction stands in the way.
    private func lockedOut(_ failure: Problem) -> Problem {
        let places = job.plan.inDoubt.compactMap(\.lsn).sorted().map { "--lsn \($0) --exclusive" }
        return Problem(
            .targetUnreachable, "the copy cannot be examined while transactions in doubt hold their locks",
            detail: "in doubt: " + job.plan.inDoubt.map(\.words).joined(separator: ", ")
                + (failure.detail.map { "; PostgreSQL: \($0)" } ?? ""),
            hint: places.isEmpty
                ? "Choose a state in which none is in doubt."
                : "Choose a state before their PREPARE TRANSACTION: \(places.joined(separator: " or ")).")
    }

    private func examine() throws(Problem) -> RestoreProof {
        let server = job.recovering
        let connection = try server.connect()
        defer { connection.close() }
        let facts = try connection.query(
            "SELECT timeline_id::text, system_identifier::text FROM pg_control_checkpoint(), pg_control_system()"
        )
        guard let timeline = facts[0, "timeline_id"].flatMap({ UInt32($0) }).map(TimelineID.init),
            facts[0, "system_identifier"] == String(job.systemIdentifier)
        else {
            throw Problem(
                .recoveryFailed, "the restored server did not report its timeline and system identifier")
        }
        guard let last = try history(of: timeline).entries.last, last.timeline == job.plan.timeline else {
            throw Problem(
                .recoveryFailed, "the copy's timeline \(timeline) does not descend from \(job.plan.timeline)")
        }
        guard last.end == job.plan.expectedEnd else {
            throw Problem(
                .recoveryFailed, "replay ended at \(last.end), the plan says \(job.plan.expectedEnd)",
                detail: "PostgreSQL's reason: \(last.reason)",
                hint:
                    "The copy was removed, since it would not be the source at that moment. Please report this."
            )
        }
        let prepared = try connection.query(
            "SELECT gid || ' (database ' || database || ', owner ' || owner || ', prepared '"
                + " || to_char(prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') || ')'"
                + " FROM pg_prepared_xacts ORDER BY prepared")
        var proof = RestoreProof(
            endLSN: last.end, timeline: timeline, reason: last.reason,
            preparedTransactions: prepared.firstColumn,
            checks: [
                "replay ended at \(last.end), exactly where the plan said",
                "timeline \(job.plan.timeline) became \(timeline)",
            ] + (try checkTablespaces()), steps: [])
        proof.invalidDatabases = try invalidDatabases(connection)
        proof.subscriptions = try cutSubscriptions(connection)
        try examineDatabases(connection, &proof)
        return proof
    }

    /// The staged segments have done their work: the copy's own WAL begins on its own timeline, and what the
    /// source wrote after the target must not get into the copy's archive.
    private func removeForeignWAL(_ own: TimelineID) throws(Problem) {
        let directory = job.dataDirectory + "/pg_wal"
        for name in try DurableFiles.list(directory) {
            guard let segment = SegmentName(fileName: name, size: job.plan.segmentSize),
                segment.timeline <= job.plan.timeline
            else { continue }
            _ = try DurableFiles.removeFile(directory + "/" + name)
        }
        // Of other timelines recovery had to know only that their numbers are taken.
        let kept = Set(try history(of: own).entries.map(\.timeline) + [own]).map { $0.fileName + ".history" }
        for name in try DurableFiles.list(directory) where name.hasSuffix(".history") && !kept.contains(name)
        {
            _ = try DurableFiles.removeFile(directory + "/" + name)
        }
    }

    private func history(of timeline: TimelineID) throws(Problem) -> TimelineHistory {
        let bytes = try DurableFiles.read(job.dataDirectory + "/pg_wal/\(timeline.fileName).history")
        do {
            return try TimelineHistory(parsing: String(decoding: bytes, as: UTF8.self), of: timeline)
        } catch {
            throw Problem(.recoveryFailed, "the copy's timeline history cannot be read", detail: "\(error)")
        }
    }

    /// Settle: the recovering server stops, everything is made durable, and PGDATA gets its own files back.
    ///
    /// Adds to the proof what it finds.
    ///
    /// - Parameter flushing: what began to flush the copy before; what failed there fails here.
    func settle(_ proof: inout RestoreProof, _ flushing: AwaitedWork) throws(Problem) {
        job.progress.begin("sync", totalBytes: nil)
        defer { job.progress.end() }
        // Most of the flush passes while the server tears down its memory; the one below finds little left.
        let job = job
        let executor = self
        try Workers.run(2) { worker throws(Problem) in
            if worker == 0 {
                try flushing.wait()
                try executor.flush()
            } else {
                try job.recovering.stop(.fast)
            }
        }
        proof.checks += try tellReset(try resetUnlogged(), proof.unloggedSequences)
        try removeForeignWAL(proof.timeline)
        for name in ["recovery.signal", "backup_label.old", "tablespace_map.old", "postmaster.opts"] {
            _ = try DurableFiles.removeFile(job.dataDirectory + "/" + name)
        }
        try flush()
        for name in try DurableFiles.list(job.asideDirectory) {
            try DurableFiles.rename(job.asideDirectory + "/" + name, to: job.dataDirectory + "/" + name)
        }
        try DurableFiles.syncDirectory(job.dataDirectory)
        try? DurableFiles.removeTree(job.socketDirectory)
    }

    /// Returns once all that the copy is made of is on the disk.
    func flush() throws(Problem) {
        for fileSystem in try fileSystems.get() { try fileSystem.flush() }
    }
}
