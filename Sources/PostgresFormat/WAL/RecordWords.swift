/// Says in a sentence what a record tells, for people who do not know PostgreSQL's inside.
public enum RecordWords {
    /// One line, without a full stop.
    public static func sentence(_ record: borrowing WALRecord) -> String {
        let images = record.imageBytes
        var text = subject(record)
        let isOnlyImages = record.resourceManager == .xlog
        if images > 0, !isOnlyImages { text += " (\(images) bytes of whole pages with it)" }
        return text
    }

    private static func subject(_ record: borrowing WALRecord) -> String {
        switch record.resourceManager {
        case .heap, .heap2:
            if let operation = record.heapOperation { return heap(operation) }
        case .transaction:
            if let operation = record.transactionOperation { return transaction(operation, record.xid) }
        case .xlog: return xlog(record)
        case .database:
            if let operation = record.databaseOperation { return database(operation) }
        case .tablespace:
            if let operation = record.tablespaceOperation { return tablespace(operation) }
        case .storage:
            if let operation = record.storageOperation { return storage(operation) }
        case .sequence:
            if let locator = record.sequence { return "sequence \(locator) moved on" }
        case .relationMap:
            if let update = record.relationMapUpdate {
                return "system catalogs of "
                    + (update.database == .none ? "the whole cluster" : "database \(update.database)")
                    + " got new files"
            }
        case .standby:
            if let running = record.runningTransactions {
                return "\(running.transactions.count) transactions are running; the next one will be "
                    + "\(running.nextTransaction)"
            }
            if let locks = record.standbyLocks {
                let names = locks.map { "\($0.database)/\($0.relation)" }.joined(separator: ", ")
                return "exclusive locks are held on \(names)"
            }
        case .logicalMessage:
            if let message = record.logicalMessage {
                return "message '\(visible(message.prefix))' of \(message.content.count) bytes"
            }
        default: break
        }
        return general(record)
    }

    /// What the blocks tell: `B-tree index: INSERT_LEAF on 1663/5/16390 block 1`.
    private static func general(_ record: borrowing WALRecord) -> String {
        let kind = record.resourceManager.map(explanation) ?? "an extension"
        var text = "\(kind): " + record.operationName.lowercased().replacing("_", with: " ")
        if let block = record.block(0) { text += " on \(block.locator) \(place(block))" }
        return text
    }

    private static func explanation(_ manager: ResourceManager) -> String {
        switch manager {
        case .btree: "B-tree index"
        case .hash: "hash index"
        case .gin: "GIN index"
        case .gist: "GiST index"
        case .spGist: "SP-GiST index"
        case .brin: "BRIN index"
        case .commitLog: "commit status of transactions"
        case .commitTimestamp: "commit times of transactions"
        case .multiXact: "rows locked by several transactions"
        case .replicationOrigin: "replication origin"
        case .generic: "page changed by an extension"
        default: manager.name
        }
    }

    static func place(_ block: BlockReference) -> String {
        (block.fork == .main ? "" : block.fork.name + " ") + "page \(block.block)"
    }

    static func row(_ row: HeapRow) -> String {
        "\(row.block.locator) page \(row.block.block) row \(row.offset)"
    }

    /// Text from WAL with what could disturb a terminal left out.
    static func visible(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}

extension RecordWords {
    private static func heap(_ operation: HeapOperation) -> String {
        switch operation {
        case .insert(let insertion):
            "row added: \(row(insertion.row))"
                + (insertion.isSpeculative ? ", tentatively (ON CONFLICT)" : "")
        case .multiInsert(let insertion):
            "\(insertion.count) rows added: \(insertion.block.locator) page \(insertion.block.block)"
        case .delete(let deletion):
            (deletion.isSuper ? "tentative row taken back: " : "row deleted: ") + row(deletion.row)
        case .update(let update):
            "row changed: \(row(update.old)); its new version is "
                + (update.new.block.block == update.old.block.block
                    ? "row \(update.new.offset) on the same page"
                    : "page \(update.new.block.block) row \(update.new.offset)")
                + (update.isHot ? ", no index touched" : "")
        case .truncate(let truncation):
            "tables emptied by TRUNCATE: "
                + truncation.relations.map(\.description).joined(separator: ", ")
                + " of database \(truncation.database)"
        case .confirm(let place): "tentative row kept: \(row(place))"
        case .lock(let lock): "row locked: \(row(lock.row))"
        case .lockUpdated(let lock): "newer version of a locked row locked: \(row(lock.row))"
        case .inPlace(let change): "row overwritten where it is: \(row(change.row))"
        case .prune(let pruning):
            (pruning.cause == .freeze ? "old rows frozen: " : "dead rows cleared away: ")
                + "\(pruning.block.locator) page \(pruning.block.block)"
        case .visible(let page):
            "page \(page.block.block) of \(page.block.locator) holds only rows that everybody sees"
        case .newCommand(let locator): "command numbers of a row of \(locator), for logical decoding"
        case .rewriteMapping: "new places of a rewritten table's rows, for logical decoding"
        }
    }

    private static func transaction(_ operation: TransactionOperation, _ xid: TransactionID) -> String {
        switch operation {
        case .assignment(let top, let children):
            return "transaction \(top) has \(children.count) more subtransactions"
        case .invalidations(let count):
            return "transaction \(xid) makes others forget \(count) cached catalog entries"
        case .end(let details):
            var text = "transaction \(details.end.xid) \(verb(details.end.kind)) at \(details.end.time)"
            if let name = details.name { text += " as '\(visible(name))'" }
            if !details.subtransactions.isEmpty {
                text += ", with \(details.subtransactions.count) subtransactions"
            }
            if !details.droppedRelations.isEmpty {
                text +=
                    ", files removed: "
                    + details.droppedRelations.map(\.description).joined(separator: ", ")
            }
            if details.origin != nil { text += ", replicated from elsewhere" }
            return text
        }
    }

    private static func verb(_ kind: TransactionEnd.Kind) -> String {
        switch kind {
        case .commit: "committed"
        case .prepare: "was prepared"
        case .abort: "was rolled back"
        case .commitPrepared: "committed after it had been prepared"
        case .abortPrepared: "was rolled back after it had been prepared"
        }
    }

    private static func xlog(_ record: borrowing WALRecord) -> String {
        if let point = record.restorePoint {
            return "restore point '\(visible(point.name))' at \(point.time)"
        }
        if let checkpoint = record.checkpoint {
            return (checkpoint.isShutdown ? "checkpoint of a server shutting down" : "checkpoint")
                + ": recovery from it begins at \(checkpoint.redo)"
        }
        if let end = record.endOfRecovery {
            return "recovery ended at \(end.time); timeline \(end.timeline) begins"
        }
        if let parameters = record.parameterChange {
            return "settings are now wal_level = \(parameters.walLevel.name), max_connections = "
                + "\(parameters.maxConnections)"
        }
        if let isOn = record.fullPageWritesChange { return "full_page_writes is now \(isOn ? "on" : "off")" }
        if let (start, _) = record.overwrittenRecord {
            return "the record begun at \(start) was never finished; the WAL goes on here"
        }
        switch record.operation {
        case XLogOperation.switchSegment: return "switch to the next segment; the rest of this is unused"
        case XLogOperation.backupEnd: return "a base backup ended"
        case XLogOperation.checkpointRedo: return "recovery from the coming checkpoint begins here"
        case XLogOperation.fullPageImage, XLogOperation.fullPageImageForHint:
            let blocks = record.blocks
            guard let first = blocks.first else { return "whole pages" }
            return blocks.count == 1
                ? "whole page: \(first.locator) \(place(first))"
                : "\(blocks.count) whole pages: \(first.locator) from \(place(first)) on"
        default: return "the WAL itself: " + record.operationName.lowercased().replacing("_", with: " ")
        }
    }

    private static func database(_ operation: DatabaseOperation) -> String {
        switch operation {
        case .createByFileCopy(let database, _, let source, _):
            "database \(database) made by copying the files of \(source)"
        case .createByWAL(let database, _): "database \(database) made; its pages follow"
        case .drop(let database, _): "database \(database) removed from the disk, at once"
        }
    }

    private static func tablespace(_ operation: TablespaceOperation) -> String {
        switch operation {
        case .create(let tablespace, let path):
            "tablespace \(tablespace) made "
                + (path.isEmpty ? "inside the data directory" : "at '\(visible(path))'")
        case .drop(let tablespace): "tablespace \(tablespace) removed"
        }
    }

    private static func storage(_ operation: StorageOperation) -> String {
        switch operation {
        case .create(let locator, let fork):
            "file made: \(locator)" + (fork == .main ? "" : " \(fork.name)")
        case .truncate(let locator, let blocks, _): "file cut to \(blocks) pages: \(locator)"
        }
    }
}
