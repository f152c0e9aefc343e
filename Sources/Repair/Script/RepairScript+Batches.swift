import PostgresFormat

/// A script in several transactions.
extension RepairScript {
    /// Whether it writes in several transactions, each of which may be the last one of a run.
    public var isInBatches: Bool { plan.batch != nil }

    /// The same by the transactions that they are in.
    public var transactionTexts: [[String]] {
        plan.batch == nil ? [statements()] : batches.map { $0.flatMap(\.statements) }
    }

    /// What each transaction writes that is one of several.
    var batches: [[ScriptPart]] {
        let most = plan.batch ?? .max
        var batches: [[ScriptPart]] = []
        var rows = 0
        for part in parts(portion) {
            if batches.isEmpty || rows + part.rows.count > most {
                batches.append([])
                rows = 0
            }
            batches[batches.count - 1].append(part)
            rows += part.rows.count
        }
        return batches
    }

    /// All that is expected is looked at before anything is written. Then each batch asks again for itself: a
    /// run that was interrupted is gone on with by the same script.
    ///
    /// A session that does not end at an error, of somebody who pastes the script, gets to the batches
    /// whatever was found: each of them asks whether the look has passed in the same session.
    func inBatches(_ proof: Proof) -> String {
        let batches = batches
        var texts = [
            header(proof),
            Self.preamble + "SET pitr.checked = '';\nBEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
                + "\(Self.settings)\n",
            checks(), "-- Are all rows as they were, or as they are to be?\n",
        ]
        texts += batches.joined().map { $0.check() }
        texts += ["-- Nothing is written without this word.\nSET pitr.checked = '\(word)';\n", "COMMIT;\n"]
        let checked = "pg_catalog.current_setting('pitr.checked', true)"
        for (place, batch) in batches.enumerated() {
            let number = "\(place + 1) of \(batches.count)"
            // Of constants alone it would be an error whatever was found.
            let isChecked = Self.check(
                "\(checked) = '\(word)'", "'batch \(number)'",
                "'the rows were not all found as planned in this session: ' || coalesce(\(checked), '')")
            texts.append("-- Batch \(number).\n" + Self.begin + isChecked)
            texts += batch.flatMap(\.statements) + ["COMMIT;\n"]
        }
        return texts.joined(separator: "\n")
    }
}
