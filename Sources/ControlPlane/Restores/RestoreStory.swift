import Notation
import Planning
import Platform
import PostgresFormat
import Repository
import Restore
import ServiceModel

/// The words of an explanation, made from the plan and the files of the restore.
struct RestoreStory {
    let planned: PlannedRestore
    let backup: BackupDescriptor
    /// The content of `backup_label`.
    let label: String
    let dataDirectory: String
    let histories: [RestoreExplanation.File]
    let recoveryFiles: [RecoveryFile]

    private var plan: RestorePlan { planned.plan }

    var steps: [RestoreExplanation.Step] {
        [layOut, stage, arm, begin, replay, stop, promote, prove, open]
    }

    private var layOut: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "The base backup's files become the copy's data directory",
            text: [
                "Backup \(backup.name) was taken while the server ran: \(backup.fileCount) files, "
                    + "\(ByteText.of(backup.totalBytes)), copied from \(backup.startTime) to "
                    + "\(backup.stopTime). Each was read at a different moment, so together they are no state "
                    + "that ever was. The WAL written meanwhile repairs that.",
                "The file backup_label is among them. It says where replay has to begin. Without it PostgreSQL "
                    + "would believe pg_control, which may have been copied after a later checkpoint, and "
                    + "skip WAL that the other files still need.",
                "Each file's CRC-32C is compared with the backup's manifest. pg_control stays aside until "
                    + "everything else is in place: PostgreSQL does not start without it.",
            ],
            files: [
                RestoreExplanation.File(
                    path: dataDirectory + "/backup_label", content: label,
                    purpose: "Written by PostgreSQL when the backup ended.")
            ])
    }

    private var stage: RestoreExplanation.Step {
        let first = plan.segments.first?.fileName ?? ""
        let last = plan.segments.last?.fileName ?? ""
        var text = [
            "\(plan.segments.count == 1 ? "One segment" : "\(plan.segments.count) segments") of "
                + "\(ByteText.of(plan.segmentSize.bytes)) "
                + (plan.segments.count == 1 ? "holds" : "hold") + " the WAL from \(plan.backupStart) to "
                + "\(plan.expectedEnd): \(first)\(plan.segments.count == 1 ? "" : " to \(last)"). A name is the "
                + "timeline and the number of the segment.",
            "They are unpacked into the copy's own pg_wal as copies, since PostgreSQL overwrites segments that "
                + "it is done with. The first ones are there before it starts, the others follow while it replays.",
        ]
        if histories.isEmpty {
            text.append(
                "Timeline \(plan.timeline) has no history: it is the one that the server was made with.")
        }
        return RestoreExplanation.Step(title: "The WAL is laid beside it", text: text, files: histories)
    }

    private var arm: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "PostgreSQL is told to recover, and how far",
            text: [
                "Two things make it recover: the file recovery.signal in the data directory, and a target "
                    + "in the configuration. Here the target is: \(plan.setting.words). The reason: "
                    + "\(plan.reason).",
                "recovery_target_action = 'promote' has it open for writing at the target; the default would "
                    + "be to pause. recovery_target_timeline = '\(plan.recoveryTimeline)' keeps it on timeline "
                    + "\(plan.timeline). "
                    + "restore_command brings nothing: it waits until the segment asked for has been laid into "
                    + "pg_wal.",
                "The settings from max_connections to max_locks_per_transaction are at least those of the source, "
                    + "because what the source had room for has to fit in here. fsync is off, as one sync of "
                    + "everything follows, and nobody can connect over the network.",
            ],
            files: recoveryFiles.map {
                RestoreExplanation.File(path: $0.path, content: $0.content, purpose: $0.purpose)
            })
    }

    private var begin: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "It starts where the backup's checkpoint says",
            text: [
                "PostgreSQL finds backup_label, reads the checkpoint at \(backup.checkpointLSN), and takes its redo "
                    + "point: \(plan.backupStart). Everything that was changed before that position had been "
                    + "written to the files when the backup began. From there on it applies every record to the "
                    + "pages that it names. After a checkpoint the first change of each page carries the whole "
                    + "page, so that it does not matter what was copied.",
                "backup_label is renamed to backup_label.old: a second start would go on, not begin again.",
            ])
    }

    private var replay: RestoreExplanation.Step {
        var text = [
            "At \(plan.backupStop) ends the record that marks the end of the backup. Only behind it are the files one "
                + "consistent state; a target in front of it would be refused.",
            "Then come the records that were written after the backup, "
                + "\(ByteText.of(plan.expectedEnd.distance(from: plan.backupStop))) of them, committed or not. A "
                + "transaction whose commit is not among them is simply not there in the end: its rows are in the "
                + "files, and nobody sees them.",
        ]
        text += plan.hazards.map { "Worth knowing: \($0.message)." }
        return RestoreExplanation.Step(title: "It replays the WAL", text: text)
    }

    private var stop: RestoreExplanation.Step {
        var text: [String] = []
        if let inside = plan.lastInside {
            text.append(
                "The last transaction inside: \(Self.words(inside)), the record from \(inside.lsn) to "
                    + "\(inside.endLSN).")
        } else {
            text.append("Nothing was committed between the end of the backup and the target.")
        }
        if let outside = plan.firstOutside {
            let did = planned.firstOutsideDid
            text.append(
                "The first one left out: \(Self.words(outside)), the record at \(outside.lsn)."
                    + (did.isEmpty ? "" : " It did this: \(did.joined(separator: "; ")).")
            )
        } else {
            text.append("None is left out: the available WAL ends before another one.")
        }
        switch plan.setting {
        case .time:
            text.append(
                "PostgreSQL compares the time of every commit and abort with the target. At the first one that is "
                    + "later it stops, without replaying it.")
        case .lsn:
            text.append(
                "PostgreSQL compares the start of every record with the position. It stops after the first one "
                    + "that starts there or later.")
        case .beforeLSN:
            text.append(
                "PostgreSQL compares the start of every record with the position. It stops before the first one "
                    + "that starts there or later, since recovery_target_inclusive is off.")
        case .transaction, .beforeTransaction:
            text.append(
                "PostgreSQL compares the number in every commit and abort with the target, and stops "
                    + (plan.setting.isInclusive ? "after" : "before") + " the one that has it.")
        case .name: text.append("PostgreSQL stops after the first restore point that has this name.")
        case .immediate: text.append("PostgreSQL stops as soon as the files are consistent.")
        }
        text.append("The last byte replayed is the one before \(plan.expectedEnd).")
        return RestoreExplanation.Step(title: "It stops", text: text)
    }

    private var promote: RestoreExplanation.Step {
        var text = [
            "Up to \(plan.expectedEnd) the copy's WAL is the source's. What follows is its own, so it gets a "
                + "timeline of its own: \(plan.newTimeline). The source goes on along timeline "
                + "\(plan.timeline), and neither's segments can be taken for the other's.",
            "The file \(plan.newTimeline.fileName).history says where the two part. Recovery ends, transactions "
                + "that had not been committed are as good as rolled back, and the server opens for writing.",
        ]
        for prepared in plan.inDoubt {
            text.append(
                "Transaction \(prepared.xid)\(prepared.name.map { " '\($0)'" } ?? "") was prepared and not ended: "
                    + "it stays open, with its locks, until somebody says COMMIT PREPARED or ROLLBACK PREPARED."
            )
        }
        return RestoreExplanation.Step(title: "It begins timeline \(plan.newTimeline)", text: text)
    }

    private var prove: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "The tool proves it",
            text: [
                "The new history says at which byte replay ended and why. It has to be \(plan.expectedEnd). If it "
                    + "is another byte the copy is removed, since it would not be what was asked for."
            ])
    }

    private var open: RestoreExplanation.Step {
        RestoreExplanation.Step(
            title: "The copy becomes a server of its own",
            text: [
                "The recovering server is stopped, what the source wrote after the target is removed from pg_wal, "
                    + "and the file system is synced. Then the copy gets its own configuration, certificate and "
                    + "repository, and starts as any other server: durability is on, and it archives to its own "
                    + "repository."
            ])
    }

    private static func words(_ record: BoundaryRecord) -> String {
        "the \(record.kind) of transaction \(record.xid) at \(record.time)"
    }
}
